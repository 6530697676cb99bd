"""Opens what way_back.ts wrote with transformers: way_back.py OUT_DIR [NAME ...].

For every directory: `from_pretrained` may list no key as missing, unexpected or mismatched; hidden weights have the element
type of config.json; logits are ours (NAME.expected.safetensors) within 1e-5; AutoTokenizer and the class that
tokenizer_config.json names give our ids, entity ids and entity positions. Prints a table; exits with 1 when something differs.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

TOLERANCE = 1e-5


def open_model(directory: Path, name: str) -> tuple[torch.nn.Module, list[str]]:
    """The model in float32, and every key that loading complained about."""
    model, info = getattr(transformers, name).from_pretrained(
        directory, output_loading_info=True, dtype=torch.float32
    )
    problems = [
        f"{what}: {key}"
        for what in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
        for key in info.get(what) or []
    ]
    stored = getattr(transformers, name).from_pretrained(directory, dtype="auto").dtype
    declared = json.loads((directory / "config.json").read_text())["dtype"]
    if str(stored) != f"torch.{declared}":
        problems.append(f"opens as {stored}, config.json says {declared}")
    return model.eval(), problems


def model_difference(model: torch.nn.Module, expected: dict[str, torch.Tensor]) -> float:
    """Largest difference of word and entity logits."""
    ids = {key: value.long() for key, value in expected.items() if not value.is_floating_point()}
    inputs = {"input_ids": ids.pop("word_ids"), "attention_mask": ids.pop("word_attention_mask"), **ids}
    with torch.no_grad():
        out = model(**inputs)
    differences = [(out.logits - expected["lm_logits"]).abs().max().item()]
    if "entity_logits" in expected:
        differences.append((out.entity_logits - expected["entity_logits"]).abs().max().item())
    return max(difference if difference == difference else float("inf") for difference in differences)


def tokenizer_problems(directory: Path, case: dict, expected: dict[str, torch.Tensor]) -> list[str]:
    """What the tokenizers say otherwise than ours."""
    problems = []
    classes = {"AutoTokenizer": transformers.AutoTokenizer, case["tokenizer"]: getattr(transformers, case["tokenizer"])}
    for name, cls in classes.items():
        tokenizer = cls.from_pretrained(directory)
        is_luke = case["tokenizer"] in ("LukeTokenizer", "MLukeTokenizer")
        if is_luke:
            spans = [tuple(span) for span in case["spans"]]
            encoded = tokenizer(case["sentence"], entities=case["entities"], entity_spans=spans)
            for key, ours in (("entity_ids", "entity_ids"), ("entity_position_ids", "entity_position_ids")):
                theirs = torch.tensor(encoded[key])
                mine = expected[ours][0]
                if mine.dim() == 2:
                    mine = mine[:, : theirs.shape[1]]
                if theirs.tolist() != mine.tolist():
                    problems.append(f"{name}: {key} {theirs.tolist()} for {mine.tolist()}")
        else:
            encoded = tokenizer(case["sentence"])
        if encoded["input_ids"] != expected["word_ids"][0].tolist():
            problems.append(f"{name}: {encoded['input_ids']} for {expected['word_ids'][0].tolist()}")
        if case["model"] == "LukeForMaskedLM":
            markers = tokenizer.convert_tokens_to_ids(["<ent>", "<ent2>"])
            whole = tokenizer("<ent> sea <ent2>", add_special_tokens=False)["input_ids"]
            if whole[0] != markers[0] or whole[-1] != markers[1] or max(markers) >= expected["lm_logits"].shape[-1]:
                problems.append(f"{name}: <ent> and <ent2> are {markers}, in a text {whole}")
        beyond = {t for t, i in tokenizer.get_vocab().items() if i >= expected["lm_logits"].shape[-1]}
        # transformers 5 gives LUKE's special entities word ids, too, whatever the directory says.
        if beyond - {"[UNK]", "[PAD]", "[MASK]", "[MASK2]"}:
            problems.append(f"{name}: {sorted(beyond)} have no row in the model")
    return problems


def main(root: Path, names: list[str]) -> int:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    failed = 0
    print(f"transformers {transformers.__version__}")
    print(f"{'export':26} {'class':24} {'tokenizer':20} {'logits':>8}  keys and tokenizer")
    for case in json.loads((root / "manifest.json").read_text()):
        if names and case["name"] not in names:
            continue
        directory = root / case["name"]
        expected = load_file(root / f"{case['name']}.expected.safetensors")
        model, problems = open_model(directory, case["model"])
        difference = model_difference(model, expected)
        problems += tokenizer_problems(directory, case, expected)
        if difference > TOLERANCE:
            problems.append("logits differ")
        failed += bool(problems)
        print(
            f"{case['name']:26} {case['model']:24} {case['tokenizer']:20} {difference:8.1e}  "
            + ("; ".join(problems) if problems else "ok")
        )
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: way_back.py OUT_DIR [NAME ...]")
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
