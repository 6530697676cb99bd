"""Writes tests/fixtures/inference/: tiny models with their tokenizers, and what transformers answers with them.

Each model is a whole directory as its users have it: config, weights, tokenizer, entity vocabulary. The weights are random. The
answers (expected.json) are those of the fill-mask pipeline, of LukeTokenizer with entity spans and LukeForMaskedLM, and of mean
pooling as sentence-transformers does it, computed in float64.
"""

import json
import math
import shutil
from collections import Counter
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import models, pre_tokenizers, trainers
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertTokenizer, LukeConfig, LukeForMaskedLM
from transformers import MLukeTokenizer, RobertaTokenizer, XLMRobertaConfig, XLMRobertaForMaskedLM, XLMRobertaTokenizer

from fixture import FIXTURES

OUT = FIXTURES / "inference"
SENTENCES = [
    "Tokyo is the capital of Japan.",
    "The capital of Iceland is Reykjavík, a small city by the sea.",
    "Akranes and Húsavík are towns in Iceland; Osaka is a city in Japan.",
    "The ship went from Akranes to Reykjavík in the morning.",
    "東京は日本の首都です。",
    "大阪は日本の都市です。",
    "A city is larger than a town, and the sea is larger than the city.",
]
TITLES = ["Japan", "Tokyo", "Iceland", "Reykjavík", "Akranes", "Osaka", "City", "Sea"]
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 66,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def draw_weights(model: torch.nn.Module, seed: int) -> None:
    """Random weights, large enough that answers differ; float32-exact."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            drawn = torch.randn(parameter.shape, generator=generator) * 0.3
            parameter.copy_(drawn + 1 if name.endswith("orm.weight") else drawn)


def byte_level_bpe(directory: Path) -> None:
    """A tokenizer of RoBERTa's kind, then made one of LUKE's as upstream's converter does: class, `<ent>` and `<ent2>`."""
    trained = tokenizers.Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(
            vocab_size=330,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    model = json.loads(trained.to_str())["model"]
    vocab = model["vocab"] | {"<mask>": len(model["vocab"])}
    RobertaTokenizer(vocab=vocab, merges=[tuple(merge) for merge in model["merges"]]).save_pretrained(directory)
    (directory / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (directory / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(m) for m in model["merges"]), ""]))
    path = directory / "tokenizer.json"
    contents = json.loads(path.read_text())
    for offset, marker in enumerate(["<ent>", "<ent2>"]):
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        contents["added_tokens"].append({"id": len(vocab) + offset, "content": marker, **flags})
    path.write_text(json.dumps(contents, ensure_ascii=False))
    path = directory / "tokenizer_config.json"
    config = {"tokenizer_class": "LukeTokenizer", "max_mention_length": 3}
    path.write_text(json.dumps(json.loads(path.read_text()) | config, indent=2) + "\n")


def word_piece(directory: Path) -> None:
    words = sorted({word for s in SENTENCES for word in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(s)})
    words = sorted({word for word, _ in words if word.isascii()} - {"Osaka", "towns", "larger"})
    letters = sorted({letter for s in SENTENCES for letter in s if not letter.isspace()})
    pieces = ["##s", "##k", "##aka", "##er", "##a", *(f"##{c}" for c in "íúvHrey")]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys([*letters, *words, "!", "'", *pieces])]
    BertTokenizer(vocab={token: i for i, token in enumerate(tokens)}, do_lower_case=False).save_pretrained(directory)
    (directory / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens))


def unigram_vocab() -> list[tuple[str, float]]:
    """Pieces with their log probabilities, by hand: the trainer orders equal pieces differently each time."""
    words = [f"▁{word}" for sentence in SENTENCES for word in sentence.rstrip(".").replace(",", "").split()]
    counts = Counter([*words, *(letter for word in words for letter in word), *"!',.", "▁"])
    pieces = sorted((piece for piece, n in counts.items() if n > 1 or len(piece) == 1), key=lambda p: (-counts[p], p))
    total = sum(counts.values())
    scored = [(piece, round(math.log(counts[piece] / total) - (len(piece) == 1), 6)) for piece in pieces]
    return [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *scored, ("<mask>", 0.0)]


def unknown_is_unknown(path: Path) -> None:
    """transformers 5.18's MLukeTokenizer spells what it does not know with `<s>`; the texts asked of it hold nothing such."""
    contents = json.loads(path.read_text())
    contents["model"]["unk_id"] = 3
    path.write_text(json.dumps(contents, ensure_ascii=False))


def directory_of(name: str) -> Path:
    directory = OUT / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def luke(name: str, **config: object) -> Path:
    directory = directory_of(name)
    multilingual = config["bert_model_name"].startswith("xlm")
    if multilingual:
        entities = {"[MASK]": 0, "[UNK]": 1, "[PAD]": 2} | {f"en:{t}": i for i, t in enumerate(TITLES, 3)}
        entities |= {"ja:日本": entities["en:Japan"], "ja:東京": entities["en:Tokyo"], "is:Ísland": entities["en:Iceland"]}
    else:
        entities = {title: i for i, title in enumerate(["[PAD]", "[UNK]", "[MASK]", *TITLES])}
    entities["[MASK2]"] = max(entities.values()) + 1
    if multilingual:
        tokenizer = MLukeTokenizer(vocab=unigram_vocab(), entity_vocab=entities, max_mention_length=3)
        tokenizer.save_pretrained(directory)  # the entities are in tokenizer_config.json and nowhere else
        unknown_is_unknown(directory / "tokenizer.json")
    else:
        byte_level_bpe(directory)
        (directory / "entity_vocab.json").write_text(json.dumps(entities, ensure_ascii=False, indent=0) + "\n")
    tokens = json.loads((directory / "tokenizer.json").read_text())["added_tokens"]
    model = LukeForMaskedLM(
        LukeConfig(
            **SIZES,
            vocab_size=max(token["id"] for token in tokens) + 1,
            entity_vocab_size=len(set(entities.values())),
            entity_emb_size=12,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            pad_token_id=1,
            **config,
        )
    )
    draw_weights(model, len(name))
    if not multilingual:  # the other decoder is one of its own, as transformers 5 leaves it
        with torch.no_grad():
            model.lm_head.decoder.weight.copy_(model.luke.embeddings.word_embeddings.weight)
    model.save_pretrained(directory)
    return directory


def bert() -> Path:
    directory = directory_of("bert")
    word_piece(directory)
    vocab_size = len((directory / "vocab.txt").read_text().splitlines())
    model = BertForMaskedLM(BertConfig(**SIZES, vocab_size=vocab_size, pad_token_id=0))
    draw_weights(model, 1)
    model.save_pretrained(directory)
    return directory


def xlm_roberta() -> Path:
    directory = directory_of("xlm-roberta")
    XLMRobertaTokenizer(vocab=unigram_vocab()).save_pretrained(directory)
    vocab_size = len(json.loads((directory / "tokenizer.json").read_text())["model"]["vocab"])
    sizes = {"vocab_size": vocab_size, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
    model = XLMRobertaForMaskedLM(XLMRobertaConfig(**SIZES, **sizes))
    draw_weights(model, 2)
    model.save_pretrained(directory)
    return directory


def fill_masks(model: torch.nn.Module, tokenizer: object, mask: str) -> list[dict]:
    pipeline = transformers.pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu")
    space = " " if isinstance(tokenizer, MLukeTokenizer) else "\t"  # see unknown_is_unknown
    asked = [
        {"texts": [f"Tokyo is the {mask} of Japan."]},
        {"texts": [f"{mask} and Akranes are towns in {mask} .", f"A {mask}, by the sea"], "top_k": 3},
        {"texts": [f"The ship went from Akranes to {mask}"], "targets": ["the", "Reykjavík", "morning", "the"]},
        {"texts": [f"  東京は{mask}日本の都市です.{space}The  city !"], "top_k": 2},
    ]
    found = []
    for case in asked:
        options = {key: value for key, value in case.items() if key != "texts"}
        texts = case["texts"]
        answer = pipeline(texts[0] if len(texts) == 1 else texts, **options)
        found.append(case | {"input_ids": [tokenizer(text)["input_ids"] for text in texts], "output": answer})
    return found


def pooled(model: torch.nn.Module, tokenizer: object) -> dict:
    """Each text alone: in a batch, padding would only add rounding."""
    texts = [SENTENCES[0], SENTENCES[4], "The sea is larger.", ""]
    base = model.base_model
    states = []
    for text in texts:
        encoded = tokenizer(text, return_tensors="pt")
        states.append(base(**encoded).last_hidden_state[0])
    return {
        "texts": texts,
        "mean": [state.mean(dim=0).tolist() for state in states],
        "cls": [state[0].tolist() for state in states],
        "none": states[2].tolist(),
    }


def entity_predictions(model: torch.nn.Module, tokenizer: object) -> list[dict]:
    outside = "大阪" if isinstance(tokenizer, MLukeTokenizer) else "𝒳🙂"
    long_mention = "A city is larger than a town"
    asked = [
        {"text": SENTENCES[0], "spans": [(0, 5)]},
        {"text": SENTENCES[0], "spans": [(24, 29), (0, 5)]},
        {"text": f"{long_mention}.", "spans": [(0, len(long_mention)), (2, 6)]},
        {"text": f"{outside} 東京は 日本の首都", "spans": [(3, 5), (7, 9)]},
        {"text": SENTENCES[3], "spans": [(19, 26), (30, 39)], "entities": ["Akranes", "Nowhere"]},
    ]
    found = []
    for case in asked:
        prefix = "en:" if "en:Japan" in tokenizer.entity_vocab else ""
        entities = [prefix + title for title in case["entities"]] if "entities" in case else None
        encoded = tokenizer(case["text"], entity_spans=case["spans"], entities=entities, return_tensors="pt")
        out = model(**encoded, output_hidden_states=True)
        positions = [[p for p in row if p >= 0] for row in encoded["entity_position_ids"][0].tolist()]
        found.append(
            case
            | {
                "input_ids": encoded["input_ids"][0].tolist(),
                "entity_ids": encoded["entity_ids"][0].tolist(),
                "entity_positions": positions,
                "scores": out.entity_logits[0].softmax(dim=-1).tolist(),
                "entity_states": out.entity_hidden_states[-1][0].tolist(),
                "word_mean": out.hidden_states[-1][0].mean(dim=0).tolist(),
            }
        )
    return found


def rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return value


def answers(directory: Path, kind: type, mask: str) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = kind.from_pretrained(directory).double().eval()
    with torch.no_grad():
        found = {"fill_mask": fill_masks(model, tokenizer, mask), "embed": pooled(model, tokenizer)}
        if kind is LukeForMaskedLM:
            found["predict_entity"] = entity_predictions(model, tokenizer)
    return found


if __name__ == "__main__":
    expected = {
        "luke": answers(
            luke("luke", bert_model_name="roberta-base", use_entity_aware_attention=False), LukeForMaskedLM, "<mask>"
        ),
        "mluke": answers(
            luke("mluke", bert_model_name="xlm-roberta-base", use_entity_aware_attention=True),
            LukeForMaskedLM,
            "<mask>",
        ),
        "bert": answers(bert(), BertForMaskedLM, "[MASK]"),
        "xlm-roberta": answers(xlm_roberta(), XLMRobertaForMaskedLM, "<mask>"),
    }
    made_by = f"tests/peers/inference.py, torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}"
    path = OUT / "expected.json"
    path.write_text(json.dumps(rounded({"made_by": made_by} | expected), ensure_ascii=False, indent=1) + "\n")
    for name in sorted(OUT.rglob("*")):
        if name.is_file():
            name.chmod(0o644)
            print(f"{name.relative_to(FIXTURES)}: {name.stat().st_size} bytes")
