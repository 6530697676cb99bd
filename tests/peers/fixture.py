"""What the PyTorch witnesses share: seeded draws, the optimizer of LUKE's pretraining, and the writing of fixtures."""

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


class Draw:
    """Seeded draws, rounded to float32 and held in float64, so that the stored inputs are exactly the ones used."""

    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, mean: float = 0.0, std: float = 1.0) -> torch.Tensor:
        values = torch.randn(*shape, generator=self.generator, dtype=torch.float64) * std + mean
        return values.float().double()

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Uniform in [low, high)."""
        return torch.randint(low, high, shape, generator=self.generator)


def stored(tensor: torch.Tensor | float) -> np.ndarray:
    """float32 for real numbers, int32 for ids; a scalar becomes one element."""
    values = torch.as_tensor(tensor).detach().reshape(-1) if torch.as_tensor(tensor).dim() == 0 else tensor.detach()
    kind = np.float32 if values.is_floating_point() else np.int32
    return np.ascontiguousarray(values.numpy().astype(kind))


def write_fixture(name: str, tensors: dict[str, torch.Tensor | float], index: dict) -> None:
    """Writes NAME.safetensors and NAME.json."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    arrays = {key: stored(value) for key, value in tensors.items()}
    for key, array in arrays.items():
        if array.dtype == np.float32 and not np.isfinite(array).all():
            raise ValueError(f"{name}: {key} is not finite")
    path = FIXTURES / f"{name}.safetensors"
    save_file(arrays, path)
    path.chmod(0o644)
    (FIXTURES / f"{name}.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n")
    print(f"{path.name}: {len(arrays)} tensors, {path.stat().st_size} bytes")


def global_norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    """The square root of the sum of all squares over all tensors."""
    return torch.sqrt(sum((tensor * tensor).sum() for tensor in tensors))


def clip_scale(norm: float, max_norm: float) -> float:
    """max_norm / (norm + 1e-6), at most 1."""
    return min(1.0, max_norm / (norm + 1e-6))


def adamw_step(
    param: torch.Tensor,
    grad: torch.Tensor,
    exp_avg: torch.Tensor,
    exp_avg_sq: torch.Tensor,
    *,
    lr: float,
    weight_decay: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-6,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """AdamW without bias correction; the decay uses the parameter from before the step."""
    exp_avg = beta1 * exp_avg + (1 - beta1) * grad
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * grad * grad
    update = exp_avg / (exp_avg_sq.sqrt() + eps) + weight_decay * param
    return param - lr * update, exp_avg, exp_avg_sq


def warmup_linear(step: int, warmup_steps: int, total_steps: int) -> float:
    """The factor on the peak learning rate; step counts from 0."""
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / (total_steps - warmup_steps))


def is_decayed(name: str) -> bool:
    """Upstream's rule by name: `lm_head.layer_norm.weight` matches none of the patterns, so it is decayed."""
    return not any(pattern in name for pattern in ("bias", "LayerNorm.weight"))


def one_digit(value: float) -> float:
    """Rounded up to one significant digit, so that an index does not change with the last bit of a machine."""
    if value == 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / unit) * unit:.0e}")
