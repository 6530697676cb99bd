"""Prints, for random and real texts, what a tokenizer of transformers makes of them: one JSON object a line.

    tokenizer_answers.py DIRECTORY [--texts FILE] [--random N] [--spans] > answers.jsonl

`compare_tokenizers.ts DIRECTORY answers.jsonl` holds ours against them.
"""

import argparse
import json
import random
import sys
import unicodedata

from transformers import AutoTokenizer

SCRIPTS = [
    (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF),
    (0x5D0, 0x5EA), (0x621, 0x652), (0x905, 0x94D), (0xE01, 0xE4E), (0x1100, 0x11FF), (0x2000, 0x206F),
    (0x2070, 0x20CF), (0x2100, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xAE00),
    (0xFB00, 0xFB4F), (0xFE00, 0xFE0F), (0xFF01, 0xFF9F), (0x1D400, 0x1D4FF), (0x1F600, 0x1F64F), (0x20000, 0x20050),
    (0x9, 0xD), (0x0, 0x1F), (0x7F, 0x9F),
]  # fmt: skip


def random_text(draw: random.Random) -> str:
    """Words of one or two scripts each, with doubled and odd white space."""
    words = []
    for _ in range(draw.randint(1, 8)):
        scripts = draw.choices(SCRIPTS, k=draw.choice([1, 1, 1, 2]))
        word = "".join(chr(draw.randint(*draw.choice(scripts))) for _ in range(draw.randint(1, 10)))
        words.append(word)
    text = draw.choice([" ", " ", " ", "  ", "\n", "\u3000"]).join(words)
    # Characters that Unicode gained lately belong to whichever tables a library was built with.
    return "".join(c for c in text if unicodedata.category(c) != "Cn")


def random_spans(draw: random.Random, text: str) -> list[tuple[int, int]]:
    cuts = [sorted(draw.choices(range(len(text) + 1), k=2)) for _ in range(draw.randint(1, 4))]
    return [(start, end) for start, end in cuts]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--texts")
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--spans", action="store_true")
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.directory)
    draw = random.Random(1)
    texts = [line.rstrip("\n") for line in open(options.texts, encoding="utf-8")] if options.texts else []
    texts = texts[: options.limit] + [random_text(draw) for _ in range(options.random)]
    specials = [tokenizer.mask_token, tokenizer.sep_token] + ["<ent>"] * options.spans
    for text in texts:
        if draw.random() < 0.2:
            at = draw.randint(0, len(text))
            text = text[:at] + draw.choice(specials) + text[at:]
        spans = random_spans(draw, text) if options.spans else None
        print(json.dumps(answer(tokenizer, text, spans), ensure_ascii=True))
    print(len(texts), "texts", file=sys.stderr)


def answer(tokenizer, text: str, spans: list[tuple[int, int]] | None) -> dict:
    """What `tests/tokenizer_answer.ts` compares; spans only for a LukeTokenizer, which has no offsets."""
    has_offsets = not hasattr(tokenizer, "entity_vocab")
    encoding = tokenizer(text, return_offsets_mapping=has_offsets)
    ids = encoding["input_ids"]
    # LukeTokenizer of transformers 5 forgets <s> and </s> where no entities are asked for.
    if tokenizer.cls_token_id not in ids[:1] or not has_offsets:
        ids = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
    answers = {"text": text, "ids": ids}
    if has_offsets:
        answers["offsets"] = encoding["offset_mapping"]
    answers["decoded"] = tokenizer.decode(ids)
    answers["decoded_without_specials"] = tokenizer.decode(ids, skip_special_tokens=True)
    answers["tokens"] = [tokenizer.decode([token]) for token in ids]
    if spans is not None:
        answers["spans"] = spans
        answers["with_spans"] = span_answer(tokenizer, text, spans)
    return answers


def span_answer(tokenizer, text: str, spans: list[tuple[int, int]]) -> dict:
    """Ids and the tokens of each span; transformers lists positions, cut to max_mention_length."""
    encoding = tokenizer(text, entity_spans=[tuple(span) for span in spans], max_entity_length=len(spans))
    positions = [[p for p in row if p >= 0] for row in encoding["entity_position_ids"]]
    return {"ids": encoding["input_ids"], "positions": positions, "most": tokenizer.max_mention_length}


if __name__ == "__main__":
    main()
