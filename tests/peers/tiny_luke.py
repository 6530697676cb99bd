"""Writes tests/fixtures/tiny_luke.* and tiny_luke_bert.*: a tiny LUKE's losses, gradients and ten AdamW steps.

The model is written from LUKE's specification with PyTorch's functions and autograd. All of it runs in float64 from
float32-exact parameters; results are rounded to float32 once, when they are stored.
"""

import math

import torch
import torch.nn.functional as F

from fixture import Draw, adamw_step, clip_scale, global_norm, is_decayed, warmup_linear, write_fixture

ROBERTA = {
    "name": "tiny_luke",
    "position_type": "roberta",
    "seed": 20,
    "special": {"cls": 0, "sep": 2, "mask": 58, "first_word": 3, "last_word": 57},
    "config": {
        "vocab_size": 59,
        "entity_vocab_size": 23,
        "hidden_size": 16,
        "entity_emb_size": 12,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 20,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "pad_token_id": 1,
    },
}
BERT = {
    "name": "tiny_luke_bert",
    "position_type": "bert",
    "seed": 21,
    "special": {"cls": 2, "sep": 3, "mask": 4, "first_word": 5, "last_word": 58},
    "config": {
        **ROBERTA["config"],
        # Nothing even: heads of 5, rows of 15 and 23.
        "hidden_size": 15,
        "entity_emb_size": 15,
        "num_attention_heads": 3,
        "intermediate_size": 23,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    },
}
ENTITY_AWARE = {
    **ROBERTA,
    "name": "tiny_luke_entity_aware",
    "seed": 22,
    "config": {**ROBERTA["config"], "num_hidden_layers": 1, "use_entity_aware_attention": True},
}
MENTION_LENGTH = 5
ENTITY_MASK_ID = 2
ADAMW = {
    # At 1e-2 PyTorch itself in float32 ends 9e-5 from float64 (a diverging trajectory); at 3e-3 it is 2e-5.
    "lr": 3e-3,
    "warmup_steps": 3,
    "total_steps": 10,
    "betas": [0.9, 0.999],
    "eps": 1e-6,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
}
WORDS = "luke.embeddings"
ENTITIES = "luke.entity_embeddings"


def parameter_shapes(config: dict) -> dict[str, tuple[int, ...]]:
    """Every trainable parameter once, by its Hugging Face name; tied decoders are not repeated, there is no pooler."""
    hidden, inner, entity = config["hidden_size"], config["intermediate_size"], config["entity_emb_size"]
    shapes: dict[str, tuple[int, ...]] = {}

    def linear(name: str, outputs: int, inputs: int) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs)
        shapes[f"{name}.bias"] = (outputs,)

    def norm(name: str, size: int) -> None:
        shapes[f"{name}.weight"] = (size,)
        shapes[f"{name}.bias"] = (size,)

    shapes[f"{WORDS}.word_embeddings.weight"] = (config["vocab_size"], hidden)
    shapes[f"{WORDS}.position_embeddings.weight"] = (config["max_position_embeddings"], hidden)
    shapes[f"{WORDS}.token_type_embeddings.weight"] = (config["type_vocab_size"], hidden)
    norm(f"{WORDS}.LayerNorm", hidden)
    shapes[f"{ENTITIES}.entity_embeddings.weight"] = (config["entity_vocab_size"], entity)
    if entity != hidden:
        shapes[f"{ENTITIES}.entity_embedding_dense.weight"] = (hidden, entity)
    shapes[f"{ENTITIES}.position_embeddings.weight"] = (config["max_position_embeddings"], hidden)
    shapes[f"{ENTITIES}.token_type_embeddings.weight"] = (config["type_vocab_size"], hidden)
    norm(f"{ENTITIES}.LayerNorm", hidden)
    for index in range(config["num_hidden_layers"]):
        layer = f"luke.encoder.layer.{index}"
        further = ("w2e_query", "e2w_query", "e2e_query") if config.get("use_entity_aware_attention") else ()
        for part in ("query", "key", "value", *further):
            linear(f"{layer}.attention.self.{part}", hidden, hidden)
        linear(f"{layer}.attention.output.dense", hidden, hidden)
        norm(f"{layer}.attention.output.LayerNorm", hidden)
        linear(f"{layer}.intermediate.dense", inner, hidden)
        linear(f"{layer}.output.dense", hidden, inner)
        norm(f"{layer}.output.LayerNorm", hidden)
    linear("lm_head.dense", hidden, hidden)
    norm("lm_head.layer_norm", hidden)
    shapes["lm_head.bias"] = (config["vocab_size"],)
    linear("entity_predictions.transform.dense", entity, hidden)
    norm("entity_predictions.transform.LayerNorm", entity)
    shapes["entity_predictions.bias"] = (config["entity_vocab_size"],)
    return shapes


def draw_parameters(config: dict, draw: Draw) -> dict[str, torch.Tensor]:
    """Matrices N(0, 0.2), layer norm weights N(1, 0.1), biases N(0, 0.1): large enough for lively gradients."""
    params = {}
    for name, shape in parameter_shapes(config).items():
        if len(shape) == 2:
            params[name] = draw.normal(*shape, std=0.2)
        else:
            params[name] = draw.normal(*shape, mean=0.0 if name.endswith("bias") else 1.0, std=0.1)
        params[name].requires_grad_(True)
    return params


def flat(positions: list[tuple[int, int]], width: int) -> torch.Tensor:
    return torch.tensor([row * width + column for row, column in positions])


def pretraining_batch(kind: dict, draw: Draw) -> dict[str, torch.Tensor]:
    """Rows of 9, 6 and 4 words with 3, 1 and 0 entities; the last row has no masked entity."""
    special, config = kind["special"], kind["config"]
    lengths, words = (9, 6, 4), 9
    word_ids = torch.full((3, words), config["pad_token_id"])
    word_mask = torch.zeros(3, words, dtype=torch.int64)
    for row, length in enumerate(lengths):
        word_ids[row, :length] = draw.integers(special["first_word"], special["last_word"] + 1, length)
        word_ids[row, 0], word_ids[row, length - 1] = special["cls"], special["sep"]
        word_mask[row, :length] = 1
    mentions = {(0, 0): [1, 2, 3, 4, 5], (0, 1): [7], (0, 2): [3, 4], (1, 0): [2, 3, 4]}
    entity_ids = torch.zeros(3, 3, dtype=torch.int64)
    entity_mask = torch.zeros(3, 3, dtype=torch.int64)
    entity_positions = torch.full((3, 3, MENTION_LENGTH), -1)
    for (row, entity), positions in mentions.items():
        entity_ids[row, entity] = draw.integers(3, config["entity_vocab_size"], 1)
        entity_mask[row, entity] = 1
        entity_positions[row, entity, : len(positions)] = torch.tensor(positions)
    masked_words = [(0, 2), (0, 3), (0, 6), (1, 4), (2, 1)]
    masked_word_labels = torch.stack([word_ids[place] for place in masked_words])
    for place in masked_words[:4]:  # the last masked word is one of those kept unchanged
        word_ids[place] = special["mask"]
    masked_entities = [(0, 0), (0, 2), (1, 0)]
    masked_entity_labels = torch.stack([entity_ids[place] for place in masked_entities])
    for place in masked_entities:
        entity_ids[place] = ENTITY_MASK_ID
    return {
        "word_ids": word_ids,
        "word_attention_mask": word_mask,
        "entity_ids": entity_ids,
        "entity_attention_mask": entity_mask,
        "entity_position_ids": entity_positions,
        "masked_word_positions": flat(masked_words, words),
        "masked_word_labels": masked_word_labels,
        "masked_entity_positions": flat(masked_entities, 3),
        "masked_entity_labels": masked_entity_labels,
    }


def second_labels(kind: dict, draw: Draw) -> dict[str, torch.Tensor]:
    """Other labels, fewer of them: averaging micro-batch means differs from one mean over all labels."""
    config = kind["config"]
    return {
        "masked_word_positions": flat([(0, 1), (1, 2)], 9),
        "masked_word_labels": draw.integers(kind["special"]["first_word"], config["vocab_size"], 2),
        "masked_entity_positions": flat([(0, 1)], 3),
        "masked_entity_labels": draw.integers(3, config["entity_vocab_size"], 1),
    }


def edge_batch(kind: dict) -> dict[str, torch.Tensor]:
    """Attended padding ids (word and entity row 0), a mention without positions, no masked entity at all."""
    special, pad = kind["special"], kind["config"]["pad_token_id"]
    return {
        "word_ids": torch.tensor([[special["cls"], 7, pad, special["mask"], special["sep"]]]),
        "word_attention_mask": torch.ones(1, 5, dtype=torch.int64),
        "entity_ids": torch.tensor([[0, 5]]),
        "entity_attention_mask": torch.ones(1, 2, dtype=torch.int64),
        "entity_position_ids": torch.tensor([[[1, 2, -1, -1, -1], [-1, -1, -1, -1, -1]]]),
        "masked_word_positions": torch.tensor([3]),
        "masked_word_labels": torch.tensor([9]),
        "masked_entity_positions": torch.tensor([], dtype=torch.int64),
        "masked_entity_labels": torch.tensor([], dtype=torch.int64),
    }


class TinyLuke:
    """LUKE's forward pass over a dictionary of named parameters."""

    def __init__(self, kind: dict, params: dict[str, torch.Tensor]):
        self.config, self.roberta, self.params = kind["config"], kind["position_type"] == "roberta", params

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.params[f"{name}.weight"], self.params.get(f"{name}.bias"))

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self.params[f"{name}.weight"], self.params[f"{name}.bias"]
        return F.layer_norm(x, (x.shape[-1],), weight, bias, self.config["layer_norm_eps"])

    def table(self, ids: torch.Tensor, name: str, padding: int | None = None) -> torch.Tensor:
        return F.embedding(ids, self.params[f"{name}.weight"], padding_idx=padding)

    def word_embeddings(self, ids: torch.Tensor) -> torch.Tensor:
        pad = self.config["pad_token_id"]
        if self.roberta:
            real = (ids != pad).long()
            positions = pad + real.cumsum(dim=1) * real
        else:
            positions = torch.arange(ids.shape[1]).expand_as(ids)
        total = self.table(ids, f"{WORDS}.word_embeddings", pad)
        total = total + self.table(positions, f"{WORDS}.position_embeddings", pad if self.roberta else None)
        total = total + self.table(torch.zeros_like(ids), f"{WORDS}.token_type_embeddings")
        return self.norm(total, f"{WORDS}.LayerNorm")

    def entity_embeddings(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        total = self.table(ids, f"{ENTITIES}.entity_embeddings", 0)
        if f"{ENTITIES}.entity_embedding_dense.weight" in self.params:
            total = self.linear(total, f"{ENTITIES}.entity_embedding_dense")
        present = (positions >= 0).to(total.dtype).unsqueeze(-1)
        looked_up = self.table(positions.clamp(min=0), f"{ENTITIES}.position_embeddings") * present
        total = total + looked_up.sum(dim=2) / present.sum(dim=2).clamp(min=1e-7)
        total = total + self.table(torch.zeros_like(ids), f"{ENTITIES}.token_type_embeddings")
        return self.norm(total, f"{ENTITIES}.LayerNorm")

    def attention(self, x: torch.Tensor, key_bias: torch.Tensor, layer: str, words: int) -> torch.Tensor:
        rows, length, hidden = x.shape
        heads = self.config["num_attention_heads"]

        def part(name: str, states: torch.Tensor) -> torch.Tensor:
            projected = self.linear(states, f"{layer}.attention.self.{name}")
            return projected.view(rows, states.shape[1], heads, -1).transpose(1, 2)

        key, value = part("key", x), part("value", x)
        if self.config.get("use_entity_aware_attention"):
            to_words, to_entities = key[:, :, :words].transpose(2, 3), key[:, :, words:].transpose(2, 3)
            of_words, of_entities = x[:, :words], x[:, words:]
            word_rows = [part("query", of_words) @ to_words, part("w2e_query", of_words) @ to_entities]
            entity_rows = [part("e2w_query", of_entities) @ to_words, part("e2e_query", of_entities) @ to_entities]
            scores = torch.cat([torch.cat(word_rows, dim=3), torch.cat(entity_rows, dim=3)], dim=2)
        else:
            scores = part("query", x) @ key.transpose(2, 3)
        scores = scores / math.sqrt(hidden // heads) + key_bias
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(rows, length, hidden)
        return self.linear(mixed, f"{layer}.attention.output.dense")

    def sequence_output(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """[rows, words + entities, hidden]."""
        words = self.word_embeddings(batch["word_ids"])
        entities = self.entity_embeddings(batch["entity_ids"], batch["entity_position_ids"])
        x = torch.cat([words, entities], dim=1)
        mask = torch.cat([batch["word_attention_mask"], batch["entity_attention_mask"]], dim=1)
        key_bias = ((1 - mask).to(x.dtype) * -10000.0)[:, None, None, :]
        for index in range(self.config["num_hidden_layers"]):
            layer = f"luke.encoder.layer.{index}"
            x = self.norm(self.attention(x, key_bias, layer, words.shape[1]) + x, f"{layer}.attention.output.LayerNorm")
            inner = F.gelu(self.linear(x, f"{layer}.intermediate.dense"))
            x = self.norm(self.linear(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
        return x

    def lm_logits(self, states: torch.Tensor) -> torch.Tensor:
        x = self.norm(F.gelu(self.linear(states, "lm_head.dense")), "lm_head.layer_norm")
        return F.linear(x, self.params[f"{WORDS}.word_embeddings.weight"], self.params["lm_head.bias"])

    def entity_logits(self, states: torch.Tensor) -> torch.Tensor:
        transform = "entity_predictions.transform"
        x = self.norm(F.gelu(self.linear(states, f"{transform}.dense")), f"{transform}.LayerNorm")
        table = self.params[f"{ENTITIES}.entity_embeddings.weight"]
        return F.linear(x, table, self.params["entity_predictions.bias"])

    def run(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Hidden states, logits at the masked places and the losses; a loss without labels is left out."""
        hidden = self.config["hidden_size"]
        words = batch["word_ids"].shape[1]
        sequence = self.sequence_output(batch)
        out = {"sequence_output": sequence}
        losses = []
        heads = (
            ("masked_word", sequence[:, :words], self.lm_logits, "lm_logits", "masked_lm_loss"),
            ("masked_entity", sequence[:, words:], self.entity_logits, "entity_logits", "masked_entity_loss"),
        )
        for what, states, head, logits_name, loss_name in heads:
            places = batch[f"{what}_positions"]
            if len(places) == 0:
                continue
            out[logits_name] = head(states.reshape(-1, hidden)[places])
            out[loss_name] = F.cross_entropy(out[logits_name], batch[f"{what}_labels"])
            losses.append(out[loss_name])
        out["loss"] = sum(losses)
        return out


def gradients(loss: torch.Tensor, params: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = torch.autograd.grad(loss, list(params.values()), allow_unused=True)
    return {name: torch.zeros_like(p) if g is None else g for (name, p), g in zip(params.items(), found)}


def train(kind: dict, params: dict[str, torch.Tensor], batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Ten AdamW steps on one batch; losses and norms are those before each step, the norm before clipping."""
    params = {name: p.detach().clone() for name, p in params.items()}
    moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in params.items()}
    history: dict[str, list[float]] = {"adamw.loss": [], "adamw.grad_norm": [], "adamw.lr": []}
    for step in range(ADAMW["total_steps"]):
        leaves = {name: p.requires_grad_(True) for name, p in params.items()}
        loss = TinyLuke(kind, leaves).run(batch)["loss"]
        grads = gradients(loss, leaves)
        norm = global_norm(list(grads.values())).item()
        scale = clip_scale(norm, ADAMW["max_grad_norm"])
        lr = ADAMW["lr"] * warmup_linear(step, ADAMW["warmup_steps"], ADAMW["total_steps"])
        for key, value in zip(history, (loss.item(), norm, lr)):
            history[key].append(value)
        for name, grad in grads.items():
            decay = ADAMW["weight_decay"] if is_decayed(name) else 0.0
            new, *rest = adamw_step(leaves[name].detach(), grad * scale, *moments[name], lr=lr, weight_decay=decay)
            params[name], moments[name] = new, (rest[0], rest[1])
    result = {key: torch.tensor(values, dtype=torch.float64) for key, values in history.items()}
    return result | {f"final.{name}": p for name, p in params.items()}


def build(kind: dict) -> None:
    draw = Draw(kind["seed"])
    params = draw_parameters(kind["config"], draw)
    batch = pretraining_batch(kind, draw)
    model = TinyLuke(kind, params)
    out = model.run(batch)
    grads = gradients(out["loss"], params)

    second = second_labels(kind, draw)
    second_loss = model.run(batch | second)["loss"]
    second_grads = gradients(second_loss, params)

    edge = edge_batch(kind)
    edge_out = model.run(edge)
    edge_grads = gradients(edge_out["loss"], params)

    tensors: dict[str, torch.Tensor | float] = {f"param.{name}": p for name, p in params.items()}
    tensors |= {f"grad.{name}": g for name, g in grads.items()}
    tensors |= batch | out
    tensors |= train(kind, params, batch)
    tensors |= {f"second.{key}": value for key, value in second.items()}
    tensors["second.loss"] = second_loss
    tensors |= {f"accumulated.grad.{name}": (grads[name] + second_grads[name]) / 2 for name in params}
    tensors |= {f"edge.{key}": value for key, value in edge.items() if value.numel() > 0}
    tensors |= {f"edge.{key}": edge_out[key] for key in ("sequence_output", "loss", "masked_lm_loss")}
    tensors |= {f"edge.grad.{n}": g for n, g in edge_grads.items() if n.endswith("_embeddings.weight")}

    write_fixture(
        kind["name"],
        tensors,
        {
            "made_by": f"tests/peers/tiny_luke.py, torch {torch.__version__.split('+')[0]}",
            "precision": "computed in float64 from float32-exact parameters, stored as float32; ids are int32",
            "position_type": kind["position_type"],
            "config": {"use_entity_aware_attention": False} | kind["config"] | {"hidden_act": "gelu"},
            "mention_length": MENTION_LENGTH,
            "attention_mask_value": -10000,
            "rules": {
                "word_position_ids": "pad_token_id + cumulative count of non-pad, pad_token_id at pads"
                if kind["position_type"] == "roberta"
                else "0 to words - 1",
                "no_lookup_gradient": {
                    f"{WORDS}.word_embeddings.weight": kind["config"]["pad_token_id"],
                    f"{ENTITIES}.entity_embeddings.weight": 0,
                }
                | (
                    {f"{WORDS}.position_embeddings.weight": kind["config"]["pad_token_id"]}
                    if kind["position_type"] == "roberta"
                    else {}
                ),
                "decoders": "tied: lm_head to word_embeddings, entity_predictions to entity_embeddings",
                "loss": "mean over masked words + mean over masked entities",
            },
            "adamw": ADAMW
            | {
                "rule": "no bias correction; p - lr * (m / (sqrt(v) + eps) + weight_decay * p); gradients times "
                "max_grad_norm / (norm + 1e-6) where that is below 1; adamw.grad_norm is before clipping",
                "decayed": [name for name in params if is_decayed(name)],
            },
            "second": "the same inputs with other masked places; accumulated.grad is the mean of both gradients",
            "edge": "attended pad word, attended entity 0, a mention of no positions; no masked entity, so the "
            "loss is masked_lm_loss and the empty arrays are not stored",
            "loss": round(out["loss"].item(), 9),
            "masked_lm_loss": round(out["masked_lm_loss"].item(), 9),
            "masked_entity_loss": round(out["masked_entity_loss"].item(), 9),
            "shapes": {name: list(p.shape) for name, p in params.items()},
        },
    )
    losses, norms = tensors["adamw.loss"].tolist(), tensors["adamw.grad_norm"].tolist()
    print(f"  loss {losses[0]:.6f} -> {losses[-1]:.6f}, gradient norm {norms[0]:.4f} -> {norms[-1]:.4f}")


if __name__ == "__main__":
    build(ROBERTA)
    build(BERT)
    build(ENTITY_AWARE)
