"""Writes ../fixtures/language_modeling_collator.json: what transformers' DataCollatorForLanguageModeling makes of token ids.

With the tokenizer of ../fixtures/tokenizers/bert. `arrays`: batches that nothing random is in (probability 0 or 1), with padding.
`draws`: how often each outcome came up in 100,000 draws of one row, a letter a token as in `masking_distribution.py`.
`random_ids`: how often each id stood where every token is replaced by a random one. Needs torch and transformers 5.18.0.
"""

import json
import warnings
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoTokenizer, DataCollatorForLanguageModeling

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
DRAWS = 100_000
ROW = [2, 100, 1, 101, 102, 3]  # [CLS] … [UNK] … [SEP]


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(FIXTURES / "tokenizers" / "bert")
    ids = {name: getattr(tokenizer, f"{name}_token_id") for name in ("pad", "unk", "cls", "sep", "mask")}

    def collate(rows, **options):
        collator = DataCollatorForLanguageModeling(tokenizer, **options)
        return collator([{"input_ids": row} for row in rows])

    arrays = []
    rows = [[2, 100, 101, 3], [2, 102, 1, 4, 103, 104, 3]]
    for options in [
        {"mlm_probability": 0.0},
        {"mlm_probability": 1.0, "mask_replace_prob": 1.0, "random_replace_prob": 0.0, "pad_to_multiple_of": 8},
        {"mlm_probability": 1.0, "mask_replace_prob": 0.0, "random_replace_prob": 0.0, "pad_to_multiple_of": 5},
    ]:
        batch = collate(rows, **options)
        arrays.append({"rows": rows, "options": options, "batch": {name: batch[name].tolist() for name in batch}})

    draws = []
    for options in [{}, {"mlm_probability": 0.6, "mask_replace_prob": 0.5, "random_replace_prob": 0.2}]:
        batch = collate([ROW] * DRAWS, **options)
        counts = Counter()
        for shown, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist()):
            counts["".join(
                "-" if label == -100 else "m" if id == ids["mask"] else "s" if id == label else "r"
                for id, label in zip(shown, labels)
            )] += 1
        draws.append({"row": ROW, "options": options, "counts": dict(sorted(counts.items()))})

    batch = collate([ROW] * DRAWS, mlm_probability=1.0, mask_replace_prob=0.0, random_replace_prob=1.0)
    random_ids = Counter(batch["input_ids"][:, [1, 3, 4]].flatten().tolist())
    answer = {
        "vocab_size": len(tokenizer),
        "ids": ids,
        "arrays": arrays,
        "draws": draws,
        "random_ids": [random_ids[id] for id in range(len(tokenizer))],
    }
    (FIXTURES / "language_modeling_collator.json").write_text(json.dumps(answer, separators=(",", ":")) + "\n")


main()
