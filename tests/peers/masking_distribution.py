"""Writes ../fixtures/masking_distribution.json: how LUKE's masking distributes, by a second implementation of its rules.

Five items under five sets of options, each masked 100,000 times with numpy's generator. An outcome is what an item looks like
afterwards: a letter an entity, a slash, a letter a word: `m` shows [MASK], `r` something else than before, `s` the same although it is
to be predicted, `-` what is not to be predicted.
Needs numpy only.
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "masking_distribution.json"
DRAWS = 100_000
# [PAD] is 1 and [MASK] 4; ids from 500 on continue a word.
WORDS = {"vocab_size": 1000, "pad": 1, "mask": 4, "first_subword": 500}
ENTITIES = {"vocab_size": 5000, "mask": 2}

CASES = [
    {
        "options": {"masked_lm_prob": 0.3},
        "words": [10, 501, 11, 12, 502, 503, 13, 14, 504, 15],
        "entities": [[7, 0, 2], [8, 3, 3], [1, 9, 1]],
    },
    {
        "options": {"compat": True, "unmasked_word_prob": 0.4, "masked_entity_prob": 1.0},
        "words": [10, 501, 502, 503, 504, 505],
        "entities": [],
    },
    {
        "options": {
            "masked_lm_prob": 0.5, "mask_words_in_entity_span": True, "masked_entity_prob": 0.5,
            "random_entity_prob": 0.3, "unmasked_word_prob": 0.3, "random_word_prob": 0.2,
        },
        "words": [10, 501, 11, 12, 502, 503, 13],
        "entities": [[7, 1, 2], [8, 4, 1], [1, 6, 1]],
    },
    {
        "options": {"masked_lm_prob": 0.25, "whole_word_masking": False, "unmasked_word_prob": 0.3, "random_word_prob": 0.3},
        "words": [10, 501, 502, 503, 13, 504],
        "entities": [[9, 2, 1], [1, 3, 2], [11, 5, 1], [12, 0, 1]],
    },
    {
        "options": {
            "masked_lm_prob": 0.01, "masked_entity_prob": 0.35, "random_entity_prob": 0.25, "unmasked_entity_prob": 0.25,
            "unmasked_word_prob": 0.0, "random_word_prob": 0.5,
        },
        "words": [10, 11, 501],
        "entities": [[9, 0, 1], [10, 1, 2], [11, 1, 1], [12, 2, 1], [1, 0, 3]],
    },
]  # fmt: skip
DEFAULTS = {
    "masked_lm_prob": 0.15, "masked_entity_prob": 0.15, "whole_word_masking": True, "unmasked_word_prob": 0.1,
    "random_word_prob": 0.1, "unmasked_entity_prob": 0.0, "random_entity_prob": 0.0, "mask_words_in_entity_span": False,
    "compat": False,
}  # fmt: skip


def decide(rng: np.random.Generator, random_share: float, same_share: float) -> str:
    return rng.choice(["m", "r", "s"], p=[1 - random_share - same_share, random_share, same_share])


def show(rng: np.random.Generator, kind: str, id: int, mask: int, low: int, high: int) -> str:
    shown = {"m": mask, "s": id}[kind] if kind != "r" else int(rng.integers(low, high))
    return "m" if shown == mask else "s" if shown == id else "r"


def draw(rng: np.random.Generator, case: dict) -> str:
    options = DEFAULTS | case["options"]
    words, entities = case["words"], case["entities"]

    entity_marks = ["-"] * len(entities)
    chosen: list[int] = []
    if entities:
        count = max(1, round(len(entities) * options["masked_entity_prob"]))
        chosen = rng.choice(len(entities), size=count, replace=False).tolist()
    for index in chosen:
        kind = decide(rng, options["random_entity_prob"], options["unmasked_entity_prob"])
        entity_marks[index] = show(
            rng, kind, entities[index][0], ENTITIES["mask"], ENTITIES["mask"] + 1, ENTITIES["vocab_size"]
        )

    marks = ["-"] * len(words)

    def mask_positions(positions) -> None:
        kind = decide(rng, options["random_word_prob"], options["unmasked_word_prob"])
        for position in positions:
            marks[position] = show(
                rng, kind, words[position], WORDS["mask"], WORDS["pad"] + 1, WORDS["vocab_size"]
            )

    if options["mask_words_in_entity_span"]:
        for index in chosen:
            _, start, length = entities[index]
            mask_positions(range(start, start + length))
    groups: list[list[int]] = []
    for position, id in enumerate(words):
        if groups and options["whole_word_masking"] and id >= WORDS["first_subword"]:
            groups[-1].append(position)
        else:
            groups.append([position])
    groups = [group for group in groups if all(marks[position] == "-" for position in group)]
    left = max(1, round(len(words) * options["masked_lm_prob"])) - sum(mark != "-" for mark in marks)
    rng.shuffle(groups)
    for group in groups:
        if left <= 0:
            break
        if len(group) <= left:
            mask_positions(group)
            left -= len(group)
    if all(mark == "-" for mark in marks):
        # Upstream counts positions with [CLS] as 0: 1 … n − 2.
        last = len(words) - 2 if options["compat"] else len(words)
        marks[int(rng.integers(1, last + 1)) - 1] = "m"
    return "".join(entity_marks) + "/" + "".join(marks)


def main() -> None:
    rng = np.random.default_rng(1)
    cases = []
    for case in CASES:
        counts = Counter(draw(rng, case) for _ in range(DRAWS))
        cases.append({**case, "counts": dict(sorted(counts.items()))})
    FIXTURE.write_text(json.dumps({"words": WORDS, "entities": ENTITIES, "cases": cases}, separators=(",", ":")) + "\n")


main()
