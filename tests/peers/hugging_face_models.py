"""Writes tests/fixtures/hugging_face/KIND/: tiny random models by transformers, and what they answer to a batch.

Each directory is what `save_pretrained` makes (config.json, model.safetensors) and expected.safetensors: the batch under
transformers' names, and hidden states, logits and losses. Weights are float32, the answers are computed in float64 and
rounded once.
"""

import math

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    LukeConfig,
    LukeForMaskedLM,
    RobertaConfig,
    RobertaForMaskedLM,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

from fixture import FIXTURES, Draw

DIRECTORY = FIXTURES / "hugging_face"

ENCODER = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 44,
    "hidden_act": "gelu",
}
ROBERTA = {
    **ENCODER,
    "vocab_size": 59,
    "max_position_embeddings": 34,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
LUKE = {**ROBERTA, "entity_vocab_size": 23, "entity_emb_size": 10, "bert_model_name": "roberta-base"}

MODELS = {
    "luke": (LukeForMaskedLM, LukeConfig(**LUKE, use_entity_aware_attention=False)),
    "luke_entity_aware": (LukeForMaskedLM, LukeConfig(**LUKE, use_entity_aware_attention=True)),
    # Entities as wide as the encoder, two token types, and a decoder that is not the word table.
    "luke_untied": (
        LukeForMaskedLM,
        LukeConfig(**{**LUKE, "entity_emb_size": 24, "type_vocab_size": 2}, use_entity_aware_attention=False),
    ),
    "mluke": (
        LukeForMaskedLM,
        LukeConfig(
            **{**LUKE, "vocab_size": 61, "entity_vocab_size": 29, "bert_model_name": "xlm-roberta-base"},
            use_entity_aware_attention=False,
            cls_entity_prediction=False,
        ),
    ),
    "bert": (
        BertForMaskedLM,
        BertConfig(
            **ENCODER, vocab_size=57, max_position_embeddings=32, type_vocab_size=2, layer_norm_eps=1e-12, pad_token_id=0
        ),
    ),
    "roberta": (RobertaForMaskedLM, RobertaConfig(**ROBERTA)),
    "xlm_roberta": (XLMRobertaForMaskedLM, XLMRobertaConfig(**{**ROBERTA, "vocab_size": 61})),
}

# Special entities come first, in another order in mLUKE's vocabularies.
MASK_ENTITY = {"luke": 2, "mluke": 0}
PAD_ENTITY = {"luke": 0, "mluke": 2}

WORDS = [13, 9, 5]
ENTITIES = [4, 2, 1]
MENTION_LENGTH = 30


def randomize(model: torch.nn.Module, draw: Draw, tied: bool) -> None:
    """Spreads every parameter so that biases, layer norms and logits are far from what they begin as."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name.lower():
                values = draw.normal(*parameter.shape, mean=1.0 if name.endswith("weight") else 0.0, std=0.2)
            elif parameter.dim() == 1:
                values = draw.normal(*parameter.shape, std=0.3)
            elif "embeddings" in name and "dense" not in name:
                values = draw.normal(*parameter.shape, std=0.3)
            else:
                values = draw.normal(*parameter.shape, std=1.2 / math.sqrt(parameter.shape[1]))
            parameter.copy_(values)
        # transformers 5 has a tied decoder in its BERTs, but in LUKE one of its own.
        if isinstance(model, LukeForMaskedLM) and tied:
            model.lm_head.decoder.weight.copy_(model.luke.embeddings.word_embeddings.weight)


def word_inputs(config, draw: Draw) -> dict[str, torch.Tensor]:
    """Items of different lengths; one word in the middle is hidden by the mask alone."""
    rows, width = len(WORDS), max(WORDS)
    ids = torch.full((rows, width), config.pad_token_id)
    mask = torch.zeros(rows, width, dtype=torch.long)
    labels = torch.full((rows, width), -100)
    types = torch.zeros(rows, width, dtype=torch.long)
    for row, count in enumerate(WORDS):
        ids[row, :count] = draw.integers(4, config.vocab_size, count)
        mask[row, :count] = 1
        if config.type_vocab_size > 1:
            types[row, count // 2 : count] = 1
        for place in range(1 + row, count, 4):
            labels[row, place] = draw.integers(4, config.vocab_size, 1)[0]
            ids[row, place] = config.vocab_size - 1
    mask[0, 6] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "labels": labels}


def entity_inputs(config, kind: str, draw: Draw) -> dict[str, torch.Tensor]:
    """Mentions of one to four words, masked entities, padding."""
    family = "mluke" if kind == "mluke" else "luke"
    rows, width = len(ENTITIES), max(ENTITIES)
    ids = torch.full((rows, width), PAD_ENTITY[family])
    mask = torch.zeros(rows, width, dtype=torch.long)
    types = torch.zeros(rows, width, dtype=torch.long)
    positions = torch.full((rows, width, MENTION_LENGTH), -1)
    labels = torch.full((rows, width), -100)
    for row, count in enumerate(ENTITIES):
        ids[row, :count] = draw.integers(3, config.entity_vocab_size, count)
        mask[row, :count] = 1
        for entity in range(count):
            length = min(1 + (row + entity) % 4, WORDS[row] - 2)
            start = int(draw.integers(1, WORDS[row] - length, 1)[0])
            positions[row, entity, :length] = torch.arange(start, start + length)
            if config.type_vocab_size > 1:
                types[row, entity] = entity % 2
        labels[row, count - 1] = draw.integers(3, config.entity_vocab_size, 1)[0]
        ids[row, count - 1] = MASK_ENTITY[family]
    return {
        "entity_ids": ids,
        "entity_attention_mask": mask,
        "entity_token_type_ids": types,
        "entity_position_ids": positions,
        "entity_labels": labels,
    }


def answers(model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        output = model(**inputs, output_hidden_states=True, return_dict=True)
    found = {"logits": output.logits}
    for layer, states in enumerate(output.hidden_states):
        found[f"hidden_states.{layer}"] = states
    if isinstance(model, LukeForMaskedLM):
        for layer, states in enumerate(output.entity_hidden_states):
            found[f"entity_hidden_states.{layer}"] = states
        found["entity_logits"] = output.entity_logits
        found["mlm_loss"] = output.mlm_loss.reshape(1)
        found["mep_loss"] = output.mep_loss.reshape(1)
    else:
        found["mlm_loss"] = output.loss.reshape(1)
    return found


def main() -> None:
    for seed, (kind, (architecture, config)) in enumerate(MODELS.items(), start=60):
        draw = Draw(seed)
        model = architecture(config).eval()
        randomize(model, draw, tied=kind != "luke_untied")
        directory = DIRECTORY / kind
        model.save_pretrained(directory)
        inputs = word_inputs(config, draw)
        if isinstance(model, LukeForMaskedLM):
            inputs |= entity_inputs(config, kind, draw)
        found = {name: tensor.float().contiguous() for name, tensor in answers(model.double(), inputs).items()}
        ids = {name: tensor.int().contiguous() for name, tensor in inputs.items()}
        save_file({**ids, **found}, directory / "expected.safetensors")
        for file in directory.iterdir():
            file.chmod(0o644)
        sizes = ", ".join(f"{file.name} {file.stat().st_size}" for file in sorted(directory.iterdir()))
        spread = ", ".join(f"{name} ±{found[name].std():.2f}" for name in ("logits", "entity_logits") if name in found)
        print(f"{kind}: {sizes}; {spread}")


if __name__ == "__main__":
    main()
