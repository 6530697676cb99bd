"""Writes ../fixtures/subwords.json: which tokens of RoBERTa and BERT continue a word, by LUKE's rule.

    subwords.py SHARED_DATA_DIRECTORY

For every id transformers' own (slow) tokenizer is asked for the token and its text. RoBERTa: the text does not start with a
space and the first character of the token is no punctuation; else, and for BERT, the token starts with `##`. A bit an id, the
first id in the lowest bit of the first byte, compressed by zlib, in base64. Needs transformers 4 (`pip install transformers==4.57.6`).
"""

import base64
import json
import sys
import unicodedata
import zlib
from pathlib import Path

from transformers import BertTokenizer, RobertaTokenizer

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "subwords.json"
ASCII_PUNCTUATION = {*range(33, 48), *range(58, 65), *range(91, 97), *range(123, 127)}


def is_punctuation(character: str) -> bool:
    return ord(character) in ASCII_PUNCTUATION or unicodedata.category(character)[0] == "P"


def continues(tokenizer, token: str) -> bool:
    if isinstance(tokenizer, RobertaTokenizer):
        spaced = tokenizer.convert_tokens_to_string([token])[:1] == " "
        if not spaced and not is_punctuation(token[0]):
            return True
    return token[:2] == "##"


def answer(tokenizer) -> dict[str, object]:
    flags = [continues(tokenizer, token) for token in tokenizer.convert_ids_to_tokens(range(tokenizer.vocab_size))]
    bits = bytearray((len(flags) + 7) // 8)
    for id, flag in enumerate(flags):
        bits[id // 8] |= flag << id % 8
    return {
        "vocab_size": len(flags),
        "subwords": sum(flags),
        "bits": base64.b64encode(zlib.compress(bytes(bits), 9)).decode(),
    }


def main() -> None:
    tokenizers = Path(sys.argv[1]) / "tokenizers"
    roberta = tokenizers / "roberta-base"
    answers = {
        "roberta-base": answer(RobertaTokenizer(str(roberta / "vocab.json"), str(roberta / "merges.txt"))),
        "bert-base-cased": answer(BertTokenizer(str(tokenizers / "bert-base-cased" / "vocab.txt"), do_lower_case=False)),
    }
    FIXTURE.write_text(json.dumps(answers, indent=1) + "\n")


main()
