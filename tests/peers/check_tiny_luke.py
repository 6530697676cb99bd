"""Holds tests/fixtures/tiny_luke* against transformers' LukeForMaskedLM with the same weights; exits with 1 beyond 1e-5."""

import json
import sys
from collections.abc import Callable

import torch
import transformers
from safetensors.torch import load_file
from transformers import LukeConfig, LukeForMaskedLM

from fixture import FIXTURES

TOLERANCE = 1e-5
NAMES = ("tiny_luke", "tiny_luke_bert", "tiny_luke_entity_aware")
TIED = ("lm_head.decoder.weight", "lm_head.decoder.bias", "entity_predictions.decoder.weight")


def open_peer(index: dict, params: dict[str, torch.Tensor], dtype: torch.dtype) -> LukeForMaskedLM:
    """LukeForMaskedLM with our parameters. Dropout is off; lm_head.decoder is tied here, since the class does not."""
    config = LukeConfig(**index["config"], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = LukeForMaskedLM(config).to(dtype).eval()
    found = model.load_state_dict(params, strict=False)
    missing = [key for key in found.missing_keys if key not in TIED and not key.startswith("luke.pooler.")]
    if missing or found.unexpected_keys:
        raise SystemExit(f"missing {missing}, unexpected {found.unexpected_keys}")
    model.lm_head.decoder.weight = model.luke.embeddings.word_embeddings.weight
    model.lm_head.decoder.bias = model.lm_head.bias
    model.entity_predictions.decoder.weight = model.luke.entity_embeddings.entity_embeddings.weight
    if index["position_type"] == "bert":
        # LukeEmbeddings drops the gradient of position row pad_token_id, which BERT's own embeddings do not.
        model.luke.embeddings.position_embeddings.padding_idx = None
    return model


def labels_like(ids: torch.Tensor, places: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """-100 everywhere but at the masked places."""
    full = torch.full((ids.numel(),), -100)
    full[places] = labels
    return full.view_as(ids)


def check_adamw(
    model: LukeForMaskedLM, index: dict, ours: dict[str, torch.Tensor], loss_of: Callable[[], torch.Tensor]
) -> dict[str, float]:
    """Repeats the ten steps with torch.optim.AdamW; begun at step 1e9, its bias correction is 1."""
    recipe = index["adamw"]
    named = {k: p for k, p in model.named_parameters() if not k.startswith("luke.pooler.")}
    decayed = set(recipe["decayed"])
    groups = [
        {"params": [p for k, p in named.items() if k in decayed], "weight_decay": recipe["weight_decay"]},
        {"params": [p for k, p in named.items() if k not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe["lr"], betas=tuple(recipe["betas"]), eps=recipe["eps"])
    for parameter in named.values():
        zeros = torch.zeros_like(parameter)
        optimizer.state[parameter] = {"step": torch.tensor(1e9), "exp_avg": zeros, "exp_avg_sq": zeros.clone()}
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, recipe["warmup_steps"], recipe["total_steps"])
    history: dict[str, list[float]] = {"adamw.loss": [], "adamw.grad_norm": [], "adamw.lr": []}
    for _ in range(recipe["total_steps"]):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(named.values()), recipe["max_grad_norm"])
        for key, value in zip(history, (loss.item(), norm.item(), schedule.get_last_lr()[0])):
            history[key].append(value)
        optimizer.step()
        schedule.step()
    figures = {
        key: (torch.tensor(v, dtype=torch.float64) - ours[key].double()).abs().max().item()
        for key, v in history.items()
    }
    figures["final"] = max((p.detach() - ours[f"final.{k}"].double()).abs().max().item() for k, p in named.items())
    return figures


def check(name: str, dtype: torch.dtype) -> float:
    """Prints the largest differences (in float64 also after ten AdamW steps) and returns the largest of all."""
    index = json.loads((FIXTURES / f"{name}.json").read_text())
    stored = load_file(FIXTURES / f"{name}.safetensors")
    ours = {key: value.long() if value.dtype == torch.int32 else value for key, value in stored.items()}
    params = {key.removeprefix("param."): v.to(dtype) for key, v in ours.items() if key.startswith("param.")}
    model = open_peer(index, params, dtype)
    word_ids, entity_ids = ours["word_ids"], ours["entity_ids"]
    positions = None
    if index["position_type"] == "bert":
        positions = torch.arange(word_ids.shape[1]).expand_as(word_ids)
    inputs = {
        "input_ids": word_ids,
        "attention_mask": ours["word_attention_mask"],
        "position_ids": positions,
        "entity_ids": entity_ids,
        "entity_attention_mask": ours["entity_attention_mask"],
        "entity_position_ids": ours["entity_position_ids"],
    }
    labels = {
        "labels": labels_like(word_ids, ours["masked_word_positions"], ours["masked_word_labels"]),
        "entity_labels": labels_like(entity_ids, ours["masked_entity_positions"], ours["masked_entity_labels"]),
    }
    out = model(**inputs, **labels)
    states = model.luke(**inputs)
    sequence = torch.cat([states.last_hidden_state, states.entity_last_hidden_state], dim=1)
    lm_logits = out.logits.reshape(-1, out.logits.shape[-1])[ours["masked_word_positions"]]
    entity_logits = out.entity_logits.reshape(-1, out.entity_logits.shape[-1])[ours["masked_entity_positions"]]
    out.loss.backward()

    def distance(theirs: torch.Tensor, key: str) -> float:
        return (theirs.detach().double() - ours[key].double()).abs().max().item()

    figures = {
        "sequence_output": distance(sequence, "sequence_output"),
        "lm_logits": distance(lm_logits, "lm_logits"),
        "entity_logits": distance(entity_logits, "entity_logits"),
        "masked_lm_loss": distance(out.mlm_loss, "masked_lm_loss"),
        "masked_entity_loss": distance(out.mep_loss, "masked_entity_loss"),
        "loss": distance(out.loss, "loss"),
    }
    worst_gradient, worst_name = 0.0, ""
    for key, parameter in model.named_parameters():
        if key.startswith("luke.pooler."):
            continue
        difference = distance(parameter.grad, f"grad.{key}")
        if difference >= worst_gradient:
            worst_gradient, worst_name = difference, key
    figures["gradients"] = worst_gradient
    if dtype == torch.float64:
        figures |= check_adamw(model, index, ours, lambda: model(**inputs, **labels).loss)
    print(f"{name} in {str(dtype).removeprefix('torch.')}, max abs difference:")
    for key, value in figures.items():
        print(f"  {key:20} {value:.2e}" + (f" ({worst_name})" if key == "gradients" else ""))
    return max(figures.values())


def list_keys() -> None:
    """The state dict of LukeForMaskedLM without entity-aware attention, at the size of the first fixture."""
    index = json.loads((FIXTURES / "tiny_luke.json").read_text())
    model = LukeForMaskedLM(LukeConfig(**index["config"]))
    for key, value in model.state_dict().items():
        print(f"  {key} {list(value.shape)}")


if __name__ == "__main__":
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    if "--keys" in sys.argv:
        list_keys()
    worst = max(check(name, dtype) for name in NAMES for dtype in (torch.float64, torch.float32))
    print(f"worst {worst:.2e}, tolerance {TOLERANCE:.0e}")
    sys.exit(0 if worst <= TOLERANCE else 1)
