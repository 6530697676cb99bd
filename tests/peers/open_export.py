"""Opens an exported directory with transformers and holds its logits against ours: open_export.py DIR.

DIR has config.json, model.safetensors and parity.safetensors: a batch (word_ids, word_attention_mask, entity_ids,
entity_attention_mask, entity_position_ids; masked_word_positions and masked_entity_positions as flat indices) and our
lm_logits and entity_logits at those places. An optional `position_ids` [rows, words] is passed on for the words.
Exits with 1 when a key that matters is missing or unexpected, or a logit differs by more than 1e-4.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import LukeForMaskedLM

TOLERANCE = 1e-4


def key_problems(model: LukeForMaskedLM, info: dict) -> list[str]:
    """Prints what loading reported; returns what matters. The pooler is not part of pretraining."""
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        print(f"{what}: {sorted(map(str, info.get(what) or [])) or 'none'}")
    problems = [key for key in info["missing_keys"] if not key.startswith("luke.pooler.")]
    problems += [str(key) for what in ("unexpected_keys", "mismatched_keys", "error_msgs") for key in info.get(what) or []]
    tied = {
        "lm_head.decoder.weight": (model.lm_head.decoder.weight, model.luke.embeddings.word_embeddings.weight),
        "lm_head.decoder.bias": (model.lm_head.decoder.bias, model.lm_head.bias),
        "entity_predictions.decoder.weight": (
            model.entity_predictions.decoder.weight,
            model.luke.entity_embeddings.entity_embeddings.weight,
        ),
    }
    for key, (decoder, source) in tied.items():
        same = torch.equal(decoder, source)
        print(f"{key}: {'equal to' if same else 'NOT equal to'} its tied source")
        if not same:
            problems.append(f"{key} is not tied")
    return problems


def compare(model: LukeForMaskedLM, parity: dict[str, torch.Tensor]) -> float:
    """Prints the largest difference of the logits at the masked places; returns the larger of both."""
    ids = {key: value.long() for key, value in parity.items() if not value.is_floating_point()}
    if ids["entity_position_ids"].dim() == 2:
        rows, entities = ids["entity_ids"].shape
        ids["entity_position_ids"] = ids["entity_position_ids"].view(rows, entities, -1)
    with torch.no_grad():
        out = model(
            input_ids=ids["word_ids"],
            attention_mask=ids["word_attention_mask"],
            position_ids=ids.get("position_ids"),
            entity_ids=ids["entity_ids"],
            entity_attention_mask=ids["entity_attention_mask"],
            entity_position_ids=ids["entity_position_ids"],
        )
    worst = 0.0
    for name, logits, places in (
        ("lm_logits", out.logits, "masked_word_positions"),
        ("entity_logits", out.entity_logits, "masked_entity_positions"),
    ):
        if name not in parity or parity[name].numel() == 0:
            print(f"{name}: none stored")
            continue
        theirs = logits.reshape(-1, logits.shape[-1])[ids[places]].double()
        mine = parity[name].double().view(len(ids[places]), -1)
        columns = mine.shape[1]  # rows that only the export has ([MASK2], <ent>) come last
        difference = (theirs[:, :columns] - mine).abs().max().item()
        agree = (theirs[:, :columns].argmax(dim=1) == mine.argmax(dim=1)).double().mean().item()
        print(
            f"{name}: max abs difference {difference:.2e} over {tuple(mine.shape)} of {theirs.shape[1]} columns, "
            f"largest logit {mine.abs().max().item():.3g}, same argmax {agree:.0%}"
        )
        worst = max(worst, difference if difference == difference else float("inf"))
    return worst


def main(directory: Path) -> int:
    torch.set_num_threads(1)
    model, info = LukeForMaskedLM.from_pretrained(directory, output_loading_info=True, dtype=torch.float32)
    problems = key_problems(model, info)
    worst = compare(model.eval(), load_file(directory / "parity.safetensors"))
    for problem in problems:
        print(f"problem: {problem}")
    print(f"worst {worst:.2e}, tolerance {TOLERANCE:.0e}: {'ok' if not problems and worst <= TOLERANCE else 'FAILED'}")
    return 0 if not problems and worst <= TOLERANCE else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: open_export.py DIR")
    sys.exit(main(Path(sys.argv[1])))
