"""Writes tests/fixtures/ops.*: forward and backward numbers of LUKE's single operations by PyTorch.

Inputs are float32-exact, the arithmetic is float64, results are rounded to float32 once. The index gives, for every
result, `float32_error`: how far PyTorch's own float32 arithmetic lands from it, as a guide for tolerances.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from fixture import Draw, adamw_step, clip_scale, global_norm, one_digit, write_fixture

Tensors = dict[str, torch.Tensor]


class Recorder:
    """Collects `OP/CASE/NAME` tensors and their index."""

    def __init__(self) -> None:
        self.tensors: Tensors = {}
        self.index: dict[str, dict[str, dict]] = {}
        self.draw = Draw(7)

    def add(
        self,
        op: str,
        case: str,
        floats: Tensors,
        function: Callable[..., torch.Tensor | Tensors],
        ids: Tensors | None = None,
        constants: dict[str, float] | None = None,
        differentiable: bool = True,
    ) -> None:
        """Runs `function(**floats, **ids, **constants)` in float64 and float32, with a random `grad_out`."""
        ids, constants = ids or {}, constants or {}

        def run(dtype: torch.dtype, grad_out: torch.Tensor | None) -> Tensors:
            leaves = {k: v.detach().clone().to(dtype).requires_grad_(differentiable) for k, v in floats.items()}
            result = function(**leaves, **ids, **constants)
            results = result if isinstance(result, dict) else {"out": result}
            if grad_out is not None:
                results["out"].backward(grad_out.to(dtype).view_as(results["out"]))
                results = results | {f"grad_{k}": v.grad for k, v in leaves.items()}
            return {k: v.detach() for k, v in results.items()}

        grad_out = None
        if differentiable:
            shape = run(torch.float64, None)["out"].shape
            grad_out = self.draw.normal(*shape) if len(shape) > 0 else torch.ones((), dtype=torch.float64)
        exact, single = run(torch.float64, grad_out), run(torch.float32, grad_out)
        stored = {**floats, **ids, **exact}
        if grad_out is not None:
            stored["grad_out"] = grad_out
        for name, value in stored.items():
            self.tensors[f"{op}/{case}/{name}"] = value
        self.index.setdefault(op, {})[case] = {
            "inputs": {k: list(v.shape) for k, v in {**floats, **ids}.items()},
            "constants": constants,
            "results": {
                k: {
                    "shape": list(v.shape) or [1],
                    "max_abs": one_digit(v.abs().max().item()),
                    "float32_error": one_digit((single[k].double() - v).abs().max().item()),
                }
                for k, v in exact.items()
            },
        }


def add_gelu(record: Recorder) -> None:
    for rows, columns in ((1, 1), (3, 5), (7, 17), (33, 12)):
        record.add("gelu", f"{rows}x{columns}", {"x": record.draw.normal(rows, columns, std=2.0)}, F.gelu)
    extremes = [-1e4, -100.0, -14.0, -6.0, -5.0, -1e-4, -0.0, 0.0, 1e-30, 1e-4, 5.0, 6.0, 14.0, 100.0, 1e4]
    record.add("gelu", "extreme", {"x": torch.tensor([extremes], dtype=torch.float64).float().double()}, F.gelu)


def layer_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float) -> torch.Tensor:
    return F.layer_norm(x, (x.shape[-1],), weight, bias, eps)


def mix_bits(bits: int) -> int:
    bits = ((bits ^ (bits >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    bits = ((bits ^ (bits >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return bits ^ (bits >> 16)


def drop(x: torch.Tensor, dropout: float, key: int) -> torch.Tensor:
    """Dropout as the first of a plan (site 0) draws it."""
    place = mix_bits(key)
    bits = [mix_bits((mix_bits(element ^ place) + place) & 0xFFFFFFFF) for element in range(x.numel())]
    kept = torch.tensor([value >= round(dropout * 2**32) for value in bits]).view_as(x)
    return torch.where(kept, x / (1 - dropout), 0.0)


def layer_norm_residual(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float, dropout: float, key: int
) -> torch.Tensor:
    return layer_norm(drop(x, dropout, key) + residual, weight, bias, eps)


def add_layer_norm(record: Recorder) -> None:
    draw = record.draw

    def affine(columns: int) -> Tensors:
        return {"weight": draw.normal(columns, mean=1.0, std=0.1), "bias": draw.normal(columns, std=0.1)}

    for rows, columns in ((1, 1), (1, 5), (3, 12), (7, 17), (33, 5), (7, 64)):
        floats = {"x": draw.normal(rows, columns), **affine(columns)}
        record.add("layer_norm", f"{rows}x{columns}", floats, layer_norm, constants={"eps": 1e-5})
    for rows, columns in ((1, 5), (3, 12), (7, 17), (33, 12)):
        floats = {"x": draw.normal(rows, columns), "residual": draw.normal(rows, columns), **affine(columns)}
        constants = {"eps": 1e-5, "dropout": 0.0, "key": 0}
        record.add("layer_norm_residual", f"{rows}x{columns}", floats, layer_norm_residual, constants=constants)
    record.add(
        "layer_norm", "eps_1e-12", {"x": draw.normal(3, 17), **affine(17)}, layer_norm, constants={"eps": 1e-12}
    )
    wide = torch.stack([draw.normal(17, std=1e4), draw.normal(17, mean=1e4), draw.normal(17, std=1e-4)])
    record.add("layer_norm", "extreme", {"x": wide, **affine(17)}, layer_norm, constants={"eps": 1e-5})
    constant = torch.full((3, 5), 3.0, dtype=torch.float64) * torch.tensor([[0.0], [1.0], [-1.0]])
    record.add("layer_norm", "constant_rows", {"x": constant, **affine(5)}, layer_norm, constants={"eps": 1e-5})


def add_linear(record: Recorder) -> None:
    draw = record.draw
    for rows, inputs, outputs in ((1, 1, 1), (1, 17, 5), (3, 5, 12), (7, 12, 17), (33, 17, 5), (7, 64, 33), (33, 12, 64)):
        floats = {
            "x": draw.normal(rows, inputs),
            "weight": draw.normal(outputs, inputs, std=0.2),
            "bias": draw.normal(outputs, std=0.1),
        }
        record.add("linear", f"{rows}x{inputs}x{outputs}", floats, lambda x, weight, bias: F.linear(x, weight, bias))
    x = draw.normal(3, 12)
    x[0, 0], x[1, 5], x[2, 11] = 1e4, -1e4, 1e4
    floats = {"x": x, "weight": draw.normal(5, 12, std=0.2), "bias": draw.normal(5)}
    record.add("linear", "extreme", floats, lambda x, weight, bias: F.linear(x, weight, bias))


def attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, key_mask: torch.Tensor, heads: int
) -> torch.Tensor:
    """[rows, length, heads * size] each; key_mask [rows, length] 0/1 adds -10000 to the scores of masked keys."""
    rows, length, hidden = query.shape
    q, k, v = (t.view(rows, length, heads, -1).transpose(1, 2) for t in (query, key, value))
    scores = q @ k.transpose(2, 3) / math.sqrt(hidden // heads)
    scores = scores + ((1 - key_mask).to(scores.dtype) * -10000.0)[:, None, None, :]
    return (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(rows, length, hidden)


def add_attention(record: Recorder) -> None:
    draw = record.draw
    for rows, length, heads, size in ((1, 1, 1, 1), (1, 3, 2, 5), (2, 7, 3, 5), (3, 7, 1, 17), (1, 33, 2, 12), (2, 5, 1, 64)):
        floats = {name: draw.normal(rows, length, heads * size) for name in ("query", "key", "value")}
        mask = draw.integers(0, 2, rows, length)
        mask[:, 0] = 1  # [CLS] is always there
        case = f"{rows}x{length}x{heads}x{size}"
        record.add("attention", case, floats, attention, {"key_mask": mask}, {"heads": heads})
    # Scores up to +-1e4, exact in float32: q, k in steps of 100, size 1. Ties and one-hot rows.
    q = torch.tensor([[100.0, -100.0, 0.0, 1.0, 100.0]], dtype=torch.float64).view(1, 5, 1)
    k = torch.tensor([[100.0, 100.0, -100.0, 99.0, 0.0]], dtype=torch.float64).view(1, 5, 1)
    floats = {"query": q, "key": k, "value": draw.normal(1, 5, 1)}
    record.add("attention", "extreme", floats, attention, {"key_mask": torch.ones(1, 5, dtype=torch.int64)}, {"heads": 1})


def grouped_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, groups: torch.Tensor, heads: int
) -> torch.Tensor:
    """As attention(), several items a row: a position sees those of its own group only, no group 0. F.sdpa with a mask."""
    rows, length, hidden = query.shape
    q, k, v = (t.view(rows, length, heads, -1).transpose(1, 2) for t in (query, key, value))
    sees = (groups[:, :, None] == groups[:, None, :])[:, None]
    context = F.scaled_dot_product_attention(q, k, v, attn_mask=sees)
    return context.transpose(1, 2).reshape(rows, length, hidden)


def add_grouped_attention(record: Recorder) -> None:
    # Entities stand behind the words of all items, so that their groups come back.
    for groups in ([[1, 1, 2, 3, 3, 3, 2, 1, 3], [1, 2, 3, 4, 5, 6, 1, 1, 6]], [[1] * 20 + [2] + [3] * 34 + [2, 1, 3, 3, 1]]):
        index = torch.tensor(groups, dtype=torch.int64)
        rows, length = index.shape
        floats = {name: record.draw.normal(rows, length, 8) for name in ("query", "key", "value")}
        case = f"{rows}x{length}x2x4"
        record.add("grouped_attention", case, floats, grouped_attention, {"groups": index}, {"heads": 2})


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits, labels, ignore_index=-1)


def add_cross_entropy(record: Recorder) -> None:
    draw = record.draw
    for rows, columns in ((1, 1), (1, 17), (3, 5), (7, 64), (33, 12)):
        labels = draw.integers(0, columns, rows)
        if rows > 1:
            labels[1::3] = -1
        floats = {"logits": draw.normal(rows, columns, std=3.0)}
        record.add("cross_entropy", f"{rows}x{columns}", floats, cross_entropy, {"labels": labels})
    logits = draw.normal(4, 5)
    logits[0, 0], logits[1, 1], logits[2, 2] = 1e4, -1e4, 1e4
    logits[3] = 1e4
    labels = torch.tensor([0, 1, 3, 4])
    record.add("cross_entropy", "extreme", {"logits": logits}, cross_entropy, {"labels": labels})


def linear_cross_entropy(
    states: torch.Tensor, table: torch.Tensor, bias: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    return cross_entropy(F.linear(states, table, bias), labels)


def add_linear_cross_entropy(record: Recorder) -> None:
    draw = record.draw
    for rows, width, classes in ((1, 1, 1), (3, 5, 64), (7, 12, 65), (9, 5, 203)):
        labels = draw.integers(0, classes, rows)
        if rows > 1:
            labels[0], labels[1], labels[2] = classes - 1, -1, 0
        floats = {"states": draw.normal(rows, width), "table": draw.normal(classes, width), "bias": draw.normal(classes)}
        record.add("linear_cross_entropy", f"{rows}x{width}x{classes}", floats, linear_cross_entropy, {"labels": labels})
    floats = {"states": draw.normal(4, 5), "table": draw.normal(203, 5), "bias": draw.normal(203)}
    floats["bias"][2], floats["bias"][70], floats["bias"][202] = 1e4, 1e4, -1e4
    labels = torch.tensor([2, 70, 202, 5])
    record.add("linear_cross_entropy", "extreme", floats, linear_cross_entropy, {"labels": labels})


def embedding_sum(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return (F.embedding(ids.clamp(min=0), table) * (ids >= 0).to(table.dtype).unsqueeze(-1)).sum(dim=1)


def embedding_mean(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    count = (ids >= 0).to(table.dtype).sum(dim=1, keepdim=True)
    return embedding_sum(table, ids) / count.clamp(min=1e-7)


def add_embedding(record: Recorder) -> None:
    draw = record.draw
    for op, function in (("embedding_sum", embedding_sum), ("embedding_mean", embedding_mean)):
        for rows, width, table_rows, columns in ((1, 1, 1, 1), (3, 5, 7, 12), (7, 3, 33, 5), (33, 5, 12, 17)):
            ids = draw.integers(-1, table_rows, rows, width).sort(dim=1, descending=True).values
            if rows > 1:
                ids[rows // 2] = -1  # an item without positions
                ids[0] = ids[0, 0]  # the same row more than once
            else:
                ids[0] = 0
            floats = {"table": draw.normal(table_rows, columns)}
            record.add(op, f"{rows}x{width}_of_{table_rows}x{columns}", floats, function, {"ids": ids})
    gaps = torch.tensor([[-1, 2, -1, 0, 2], [1, -1, -1, -1, -1]])
    record.add("embedding_mean", "gaps", {"table": draw.normal(3, 5)}, embedding_mean, {"ids": gaps})
    wide = draw.normal(3, 5)
    wide[0], wide[1] = 1e4, -1e4
    record.add("embedding_sum", "extreme", {"table": wide}, embedding_sum, {"ids": torch.tensor([[0, 1, 2], [0, 0, 1]])})


def adamw(**arguments) -> Tensors:
    param, exp_avg, exp_avg_sq = adamw_step(**arguments)
    return {"out_param": param, "out_exp_avg": exp_avg, "out_exp_avg_sq": exp_avg_sq}


def add_adamw(record: Recorder) -> None:
    draw = record.draw
    fixed = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-6}

    def add(case: str, param: torch.Tensor, grad: torch.Tensor, exp_avg: torch.Tensor, square: torch.Tensor, **own) -> None:
        floats = {"param": param, "grad": grad, "exp_avg": exp_avg, "exp_avg_sq": square}
        record.add("adamw", case, floats, adamw, constants={**own, **fixed}, differentiable=False)

    for size in (1, 5, 17, 64):
        square = draw.normal(size, std=0.1).square().float().double()
        state = (draw.normal(size), draw.normal(size), draw.normal(size, std=0.1), square)
        add(f"{size}_decayed", *state, lr=1e-2, weight_decay=0.01)
        add(f"{size}_plain", *state, lr=5e-4, weight_decay=0.0)
    zero = torch.zeros(5, dtype=torch.float64)
    grads = torch.tensor([0.0, 1e4, -1e4, 1e-10, -1e-20], dtype=torch.float64).float().double()
    add("first_step_extreme", draw.normal(5), grads, zero, zero, lr=1e-2, weight_decay=0.01)
    add("lr_0", draw.normal(5), draw.normal(5), zero, zero, lr=0.0, weight_decay=0.01)


def clipped(max_norm: float, **tensors: torch.Tensor) -> Tensors:
    norm = global_norm(list(tensors.values()))
    scale = clip_scale(norm.item(), max_norm)
    return {"out": norm, "scale": torch.tensor(scale, dtype=norm.dtype)} | {
        f"out_{name}": tensor * scale for name, tensor in tensors.items()
    }


def add_global_norm(record: Recorder) -> None:
    draw = record.draw
    cases = {
        "one": [draw.normal(1)],
        "clipped": [draw.normal(7, 17), draw.normal(5), draw.normal(33)],
        "below": [draw.normal(3, 5, std=0.01), draw.normal(64, std=0.01)],
        "zero": [torch.zeros(5, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)],
        "extreme": [draw.normal(12, std=1e4), draw.normal(17, std=1e-4)],
    }
    for case, tensors in cases.items():
        floats = {f"x{index}": tensor for index, tensor in enumerate(tensors)}
        record.add("global_norm", case, floats, clipped, constants={"max_norm": 1.0}, differentiable=False)


def add_dropout(record: Recorder) -> None:
    draw = record.draw
    for rows, columns, dropout in ((1, 1, 0.5), (3, 12, 0.1), (7, 17, 0.9), (33, 12, 0.3)):
        constants = {"dropout": dropout, "key": 0x9E3779B9 ^ rows}
        record.add("dropout", f"{rows}x{columns}", {"x": draw.normal(rows, columns)}, drop, constants=constants)
        if rows > 1:
            floats = {"x": draw.normal(rows, columns), "residual": draw.normal(rows, columns)}
            floats |= {"weight": draw.normal(columns, mean=1.0, std=0.1), "bias": draw.normal(columns, std=0.1)}
            constants |= {"eps": 1e-5}
            record.add("layer_norm_residual", f"{rows}x{columns}_dropout", floats, layer_norm_residual, constants=constants)


def feed_forward(
    x: torch.Tensor, intermediate: torch.Tensor, intermediate_bias: torch.Tensor, output: torch.Tensor, output_bias: torch.Tensor
) -> torch.Tensor:
    return F.linear(F.gelu(F.linear(x, intermediate, intermediate_bias)), output, output_bias)


def add_feed_forward(record: Recorder) -> None:
    draw = record.draw
    for rows, hidden, inner in ((1, 5, 12), (7, 12, 17), (33, 12, 17)):
        floats = {
            "x": draw.normal(rows, hidden, std=2.0),
            "intermediate": draw.normal(inner, hidden, std=0.5),
            "intermediate_bias": draw.normal(inner, std=0.5),
            "output": draw.normal(hidden, inner, std=0.2),
            "output_bias": draw.normal(hidden, std=0.1),
        }
        if rows == 33:
            floats["x"][0, 0], floats["x"][1, 1] = 1e4, -1e4
        record.add("feed_forward", f"{rows}x{hidden}x{inner}", floats, feed_forward)


def main() -> None:
    record = Recorder()
    for add in (
        add_gelu,
        add_layer_norm,
        add_linear,
        add_attention,
        add_cross_entropy,
        add_embedding,
        add_adamw,
        add_global_norm,
        add_linear_cross_entropy,
        add_dropout,
        add_feed_forward,
        add_grouped_attention,
    ):
        add(record)
    write_fixture(
        "ops",
        record.tensors,
        {
            "made_by": f"tests/peers/ops.py, torch {torch.__version__.split('+')[0]}",
            "precision": "computed in float64 from float32-exact inputs, stored as float32; ids are int32",
            "keys": "OP/CASE/{inputs, out, grad_out, grad_INPUT}; all arrays row-major",
            "float32_error": "largest distance of PyTorch's own float32 result, rounded up to one digit",
            "rules": {
                "gelu": "x * (1 + erf(x / sqrt 2)) / 2",
                "layer_norm": "biased variance; layer_norm_residual norms dropout(x) + residual",
                "dropout": "element i is kept, times 1 / (1 - dropout), if its hash with the key is >= dropout * 2^32",
                "linear": "x weight^T + bias, weight [outputs, inputs]",
                "feed_forward": "linear, gelu, linear",
                "attention": "[rows, length, heads * size]; scores q.k / sqrt(size) + (1 - key_mask) * -10000",
                "grouped_attention": "as attention; a position sees those of its own group only",
                "cross_entropy": "mean over the rows whose label is not -1; grad_out is 1",
                "linear_cross_entropy": "cross_entropy of linear(states, table, bias)",
                "embedding_sum": "sum of the rows with id >= 0",
                "embedding_mean": "embedding_sum / max(number of ids >= 0, 1e-7)",
                "adamw": "m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; "
                "p - lr (m / (sqrt v + eps) + weight_decay p)",
                "global_norm": "out = norm over x0, x1, ...; scale = min(1, max_norm / (out + 1e-6)); out_xN = xN * scale",
            },
            "ops": record.index,
        },
    )


if __name__ == "__main__":
    main()
