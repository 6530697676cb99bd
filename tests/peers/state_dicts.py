"""Writes ../fixtures/state_dicts.json: names and shapes of transformers' state dicts, and what each version leaves out of a file.

Every class that is written, with the decoder tied and not; `tied` lists the names that `save_pretrained` leaves out of the file. Run with
another version of transformers and `--check`, it exits with 1 when a name or a shape differs from the committed list.
"""

import json
import sys
import tempfile
from pathlib import Path

import transformers
from safetensors import safe_open

PATH = Path(__file__).resolve().parent.parent / "fixtures" / "state_dicts.json"
SHAPE = dict(
    vocab_size=12,
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=10,
    max_position_embeddings=20,
    type_vocab_size=2,
)
LUKE = dict(SHAPE, entity_vocab_size=9, entity_emb_size=6, use_entity_aware_attention=False)
CASES = (
    ("luke", "LukeForMaskedLM", "LukeConfig", LUKE),
    ("luke_untied", "LukeForMaskedLM", "LukeConfig", dict(LUKE, tie_word_embeddings=False)),
    ("luke_entity_aware", "LukeForMaskedLM", "LukeConfig", dict(LUKE, use_entity_aware_attention=True)),
    ("luke_same_width", "LukeForMaskedLM", "LukeConfig", dict(LUKE, entity_emb_size=8)),
    ("bert", "BertForMaskedLM", "BertConfig", SHAPE),
    ("bert_untied", "BertForMaskedLM", "BertConfig", dict(SHAPE, tie_word_embeddings=False)),
    ("roberta", "RobertaForMaskedLM", "RobertaConfig", SHAPE),
    ("roberta_untied", "RobertaForMaskedLM", "RobertaConfig", dict(SHAPE, tie_word_embeddings=False)),
    ("xlm_roberta", "XLMRobertaForMaskedLM", "XLMRobertaConfig", SHAPE),
)


def state_dict(model_class: str, config_class: str, settings: dict) -> dict:
    model = getattr(transformers, model_class)(getattr(transformers, config_class)(**settings))
    with tempfile.TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        with safe_open(f"{directory}/model.safetensors", "pt") as file:
            written = set(file.keys())
    shapes = {name: list(tensor.shape) for name, tensor in sorted(model.state_dict().items())}
    return {"class": model_class, "config": settings, "shapes": shapes, "tied": sorted(set(shapes) - written)}


def main() -> int:
    transformers.logging.set_verbosity_error()
    found = {name: state_dict(*case) for name, *case in CASES}
    if "--check" not in sys.argv:
        PATH.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    stored = json.loads(PATH.read_text())
    differing = [name for name in found if found[name]["shapes"] != stored[name]["shapes"]]
    print(f"transformers {transformers.__version__}: {'differs in ' + ', '.join(differing) if differing else 'the same names and shapes'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
