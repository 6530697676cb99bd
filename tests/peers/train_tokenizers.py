"""Trains WordPiece, byte-level BPE and Unigram with Hugging Face tokenizers; writes ../fixtures/trained_tokenizers.json.

    train_tokenizers.py SHARED_DATA_DIRECTORY

Of each vocabulary the fixture has the SHA-256 of its tokens by id, and of a WordPiece one the order in which this run of the
trainer took the ## forms of the alphabet (that of a hash table, another in every run, so that ties between equally frequent
pairs, which go to the smaller ids, fall differently). `tests/train_tokenizer_parity_test.ts` trains with the same order.
Of Unigram vocabularies it has the tokens and the log-likelihood of WikiText-2's test part.
The ids that the trained tokenizer gives each line of WikiText-2's test part are in the fixture as SHA-256, too.
"""

import gzip
import hashlib
import json
import math
import sys
import tempfile
from pathlib import Path

import tokenizers
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer, Tokenizer, models, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parent.parent.parent
ALIGNED = ["[PAD]", *(f"[unused{i}]" for i in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused100]", "[unused101]"]
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def sha256(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def answers(tokenizer, texts: list[str]) -> dict:
    vocab = tokenizer.get_vocab()
    tokens = sorted(vocab, key=vocab.get)
    ids = [" ".join(map(str, tokenizer.encode(text, add_special_tokens=False).ids)) for text in texts]
    return {"size": len(tokens), "tokens": sha256(tokens), "ids": sha256(ids)}


def wordpiece(path: str, texts: list[str]) -> dict:
    trained = BertWordPieceTokenizer(lowercase=False, strip_accents=False, handle_chinese_chars=True)
    trained.train([path], vocab_size=28_996, min_frequency=2, limit_alphabet=1000, initial_alphabet=[],
                  wordpieces_prefix="##", special_tokens=ALIGNED, show_progress=False)  # fmt: skip
    vocab = trained.get_vocab()
    tokens = sorted(vocab, key=vocab.get)[len(ALIGNED) :]
    continuing = [token for token in tokens if token.startswith("##") and len(token) == 3]
    return answers(trained, texts) | {"continuing": "".join(token[2] for token in continuing)}


def byte_level_bpe(path: str, texts: list[str]) -> dict:
    trained = ByteLevelBPETokenizer()
    trained.train([path], vocab_size=28_996, min_frequency=2, special_tokens=ROBERTA, show_progress=False)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
    return answers(trained, texts) | {"merges": sha256(merges)}


def unigram(path: str, texts: list[str], size: int) -> dict:
    """Its size and, of the held-out texts, the tokens and the log-likelihood (of the pieces, without unknown ones).

    Without the literal <unk> of WikiText, which this library's Unigram takes for a piece.
    """
    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trained.train([path], trainers.UnigramTrainer(vocab_size=size, special_tokens=ROBERTA, unk_token="<unk>", show_progress=False))
    vocab = json.loads(trained.to_str())["model"]["vocab"]
    total = math.log(sum(math.exp(score) for _, score in vocab[len(ROBERTA) :]))
    bare = Tokenizer(trained.model)
    bare.pre_tokenizer = trained.pre_tokenizer
    ids = [id for text in texts for id in bare.encode(text.replace("<unk>", "")).ids]
    likelihood = sum(vocab[id][1] - total for id in ids if id >= len(ROBERTA))
    return {"size": len(vocab), "tokens": len(ids), "log_likelihood": round(likelihood, 1)}


def main() -> None:
    shared = Path(sys.argv[1])
    valid = gzip.decompress((shared / "text" / "wikitext-2-valid.txt.gz").read_bytes())
    texts = gzip.decompress((shared / "text" / "wikitext-2-test.txt.gz").read_bytes()).decode().split("\n")
    corpora = {
        "encyclopedia.xml": (ROOT / "corpus" / "sample" / "encyclopedia.xml").read_bytes(),
        "wikitext-2-valid.txt.gz": valid,
        "wikiclean-ptwiki-test.xml": (shared / "wikidumps" / "wikiclean-ptwiki-test.xml").read_bytes(),
    }
    fixture = {"tokenizers": tokenizers.__version__}
    with tempfile.TemporaryDirectory() as directory:
        for name, content in corpora.items():
            path = Path(directory) / "text.txt"
            path.write_bytes(content)
            if name.startswith("wikitext"):
                fixture["unigram"] = {size: unigram(str(path), texts, size) for size in (2000, 4000, 8000)}
            fixture[name] = {"wordpiece": wordpiece(str(path), texts), "bpe": byte_level_bpe(str(path), texts)}
    out = ROOT / "tests" / "fixtures" / "trained_tokenizers.json"
    out.write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
