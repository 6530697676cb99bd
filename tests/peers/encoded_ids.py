"""Writes ../fixtures/encoded_ids.json: what Hugging Face tokenizers makes of WikiText-2 and of 10,000 random strings.

    encoded_ids.py SHARED_DATA_DIRECTORY

With RoBERTa's and BERT's (cased) vocabularies: the SHA-256 of the ids of every hundred texts, once of the whole text with
special tokens, once of a segment as a data set has them: white space collapsed, no special tokens. The strings come from a
generator that `tests/encoded_ids_test.ts` repeats, out of characters that were in Unicode 3.2: which class younger ones belong
to depends on the tables that a library was built with.
"""

import gzip
import hashlib
import json
import re
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import BertWordPieceTokenizer, Tokenizer

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "encoded_ids.json"
SEED, STRINGS, BATCH = 1, 10_000, 100
BLOCKS = [
    (0x20, 0x7E), (0x0, 0x24F), (0x250, 0x36F), (0x370, 0x52F), (0x531, 0x5FF), (0x600, 0x6FF), (0x900, 0xDFF), (0xE00, 0xFFF),
    (0x1000, 0x1248), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x2BFF), (0x3000, 0x33FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
    (0xE000, 0xE0FF), (0xF900, 0xFFFD), (0x10300, 0x1034F), (0x1D000, 0x1D7FF), (0x20000, 0x2A6D6),
]  # fmt: skip


def assigned_ranges(first: int, last: int) -> list[list[int]]:
    ranges: list[list[int]] = []
    for code in range(first, last + 1):
        if unicodedata.ucd_3_2_0.category(chr(code)) in ("Cn", "Cs"):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


class Draw:
    """A linear congruential generator (Numerical Recipes), the high bits of it."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state // 2**8 * limit // 2**24


def random_string(draw: Draw, blocks: list[list[list[int]]]) -> str:
    """Words of characters from one or two blocks, spaces between them now and then doubled or odd."""
    text = ""
    for _ in range(1 + draw.below(8)):
        chosen = [blocks[draw.below(len(blocks)) if draw.below(3) else 0] for _ in range(2)]
        for _ in range(1 + draw.below(10)):
            ranges = chosen[draw.below(2)]
            first, last = ranges[draw.below(len(ranges))]
            text += chr(first + draw.below(last - first + 1))
        text += [" ", " ", " ", " ", "  ", "\n", "\u3000", ""][draw.below(8)]
    return text


def digests(lists: list[list[int]]) -> list[str]:
    lines = [" ".join(map(str, ids)) for ids in lists]
    batches = [lines[at : at + BATCH] for at in range(0, len(lines), BATCH)]
    return [hashlib.sha256("\n".join(batch).encode()).hexdigest()[:16] for batch in batches]


def answers(tokenizer, texts: list[str]) -> dict:
    segments = [re.sub(r"\s+", " ", text).removesuffix(" ") for text in texts]
    # In a corpus a literal <unk> is text: no special tokens but in the model's vocabulary.
    bare = Tokenizer(tokenizer.model)
    bare.normalizer, bare.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    return {
        "texts": digests([tokenizer.encode(text).ids for text in texts]),
        "segments": digests([bare.encode(text).ids for text in segments]),
    }


def main() -> None:
    shared = Path(sys.argv[1])
    blocks = [assigned_ranges(*block) for block in BLOCKS]
    draw = Draw(SEED)
    strings = [random_string(draw, blocks) for _ in range(STRINGS)]
    lines = gzip.decompress((shared / "text" / "wikitext-2-test.txt.gz").read_bytes()).decode().split("\n")
    directory = shared / "tokenizers"
    vocab = str(directory / "bert-base-cased" / "vocab.txt")
    opened = {
        "roberta-base": Tokenizer.from_file(str(directory / "roberta-base" / "tokenizer.json")),
        "bert-base-cased": BertWordPieceTokenizer(vocab, lowercase=False, strip_accents=False)._tokenizer,
    }
    fixture = {"tokenizers": tokenizers.__version__, "seed": SEED, "strings": STRINGS, "batch": BATCH, "blocks": blocks}
    fixture["strings_sha256"] = hashlib.sha256("".join(strings).encode()).hexdigest()
    for name, tokenizer in opened.items():
        tokenizer.no_truncation()
        fixture[name] = {"wikitext": answers(tokenizer, lines), "random": answers(tokenizer, strings)}
    FIXTURE.write_text(json.dumps(fixture, separators=(",", ":")).replace('"roberta', '\n"roberta').replace('"bert', '\n"bert') + "\n")


if __name__ == "__main__":
    main()
