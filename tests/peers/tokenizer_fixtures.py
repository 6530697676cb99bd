"""Writes ../fixtures/tokenizers/: small tokenizers of four kinds and what transformers makes of texts with them.

`xlm_roberta/` holds a SentencePiece unigram model with a table of normalizations of its own (a few rules in the format of
nmt_nfkc's), `answers.json` the texts with ids, places and decoded text by tokenizer; `slow` are SentencePiece's own ids.
"""

import json
import shutil
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import ByteLevelBPETokenizer, BertWordPieceTokenizer
from transformers import AddedToken, BertTokenizer, LukeTokenizer, XLMRobertaTokenizer

from fixture_texts import SPANS, TEXTS, TRAINING
from tokenizer_answers import answer

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "tokenizers"
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
# As in the released tokenizers; transformers 5 gives a bare vocabulary a mask that leaves the space before it.
MASK = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
# Full width and ligatures to plain characters, a composed é, odd spaces, and a character that goes.
RULES = {"Ａ": "A", "ａ": "a", "ﬁ": "fi", "e\u0301": "é", "½": "1⁄2", "\u3000": " ", "\t": " ", "\n": " ", "\u200b": ""}


def write_rules(path: Path) -> None:
    def code_points(text: str) -> str:
        return " ".join(f"{ord(character):X}" for character in text)

    path.write_text("".join(f"{code_points(a)}\t{code_points(b)}\n" for a, b in RULES.items()))


def xlm_roberta(scratch: Path) -> XLMRobertaTokenizer:
    write_rules(scratch / "rules.tsv")
    (scratch / "text.txt").write_text("\n".join(TRAINING))
    sentencepiece.SentencePieceTrainer.train(
        input=str(scratch / "text.txt"), model_prefix=str(scratch / "sentencepiece.bpe"), vocab_size=240,
        model_type="unigram", normalization_rule_tsv=str(scratch / "rules.tsv"), hard_vocab_limit=False,
        num_threads=1, minloglevel=2,
    )  # fmt: skip
    directory = FIXTURES / "xlm_roberta"
    directory.mkdir(parents=True)
    shutil.copyfile(scratch / "sentencepiece.bpe.model", directory / "sentencepiece.bpe.model")
    return XLMRobertaTokenizer.from_pretrained(directory, mask_token=MASK)


def luke() -> LukeTokenizer:
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(TRAINING, vocab_size=360, special_tokens=SPECIALS[:4], show_progress=False)
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    vocab = model["vocab"] | {"<mask>": len(model["vocab"])}
    entities = {"[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "[MASK2]": 3}
    return LukeTokenizer(vocab=vocab, merges=merges, entity_vocab=entities, mask_token=MASK)


def bert(lowercase: bool) -> BertTokenizer:
    trained = BertWordPieceTokenizer(lowercase=lowercase)
    trained.train_from_iterator(TRAINING, vocab_size=240, show_progress=False)
    return BertTokenizer(vocab=json.loads(trained.to_str())["model"]["vocab"], do_lower_case=lowercase)


def main() -> None:
    shutil.rmtree(FIXTURES, ignore_errors=True)
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        tokenizers = {
            "luke": luke(), "bert": bert(True), "bert_cased": bert(False), "xlm_roberta": xlm_roberta(Path(scratch)),
        }  # fmt: skip
    for name, tokenizer in tokenizers.items():
        if name != "xlm_roberta":
            tokenizer.save_pretrained(FIXTURES / name)
            tokenizer = type(tokenizer).from_pretrained(FIXTURES / name)
        spans = SPANS if name == "luke" else {}
        answers[name] = [answer(tokenizer, text, spans.get(text)) for text in TEXTS]
    processor = sentencepiece.SentencePieceProcessor(str(FIXTURES / "xlm_roberta" / "sentencepiece.bpe.model"))
    segments = ["Tokyo", "Tokyo and", "東京は", "ﬁve cafe\u0301s"]
    answers["sentencepiece"] = [{"text": text, "pieces": processor.encode(text, out_type=str)} for text in segments]
    lines = json.dumps(answers, ensure_ascii=False, indent=None).replace('{"text"', '\n{"text"')
    (FIXTURES / "answers.json").write_text(lines + "\n")
    for path in sorted(FIXTURES.rglob("*.*")):
        print(path.relative_to(FIXTURES), path.stat().st_size)


if __name__ == "__main__":
    main()
