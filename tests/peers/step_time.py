"""Time of a training step of transformers' LukeForMaskedLM in PyTorch; `compare_step.ts` lets it take turns with ours.

    python step_time.py SHAPE [--device cpu|cuda] [--precision f32|bf16] [--compile] [--attention eager|sdpa]
                              [--heads masked|all] [--threads N] [--steps N | --turns]

SHAPE is the JSON of a network and its batch, {"config": {...}, "capacity": {...}}, as `deno task bench --json` prints it.
Forward, backward, clipping to norm 1 and torch.optim.AdamW (fused on cuda, foreach on cpu), dropout on, the word decoder tied
to its table, as in ours. `--heads masked` computes logits at masked places only, as ours does; `all` is what LukeForMaskedLM
itself does: logits at every place. `--attention eager` is transformers' own; `sdpa` puts PyTorch's fused attention in its
place. bf16 is autocast over f32 weights; f32 does not use TF32. With `--turns` each number read from stdin is answered by the
time of so many steps; otherwise one line is printed. All lines are JSON.
"""

import argparse
import json
import statistics
import sys
import time

import torch
import transformers
from torch.nn import functional
from transformers.models.luke import modeling_luke


def sdpa_forward(self, word_hidden_states, entity_hidden_states, attention_mask=None, output_attentions=False):
    words = word_hidden_states.size(1)
    hidden = torch.cat([word_hidden_states, entity_hidden_states], dim=1)
    query, key, value = (self.transpose_for_scores(f(hidden)) for f in (self.query, self.key, self.value))
    dropout = self.dropout.p if self.training else 0.0
    mask = None if attention_mask is None else attention_mask.to(query.dtype)
    context = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
    context = context.permute(0, 2, 1, 3).flatten(2)
    return context[:, :words], context[:, words:]


def make_model(config: dict) -> transformers.LukeForMaskedLM:
    model = transformers.LukeForMaskedLM(
        transformers.LukeConfig(
            vocab_size=config["vocabSize"],
            entity_vocab_size=config["entityVocabSize"],
            hidden_size=config["hiddenSize"],
            entity_emb_size=config["entityEmbSize"],
            num_hidden_layers=config["numHiddenLayers"],
            num_attention_heads=config["numAttentionHeads"],
            intermediate_size=config["intermediateSize"],
            max_position_embeddings=config["maxPositionEmbeddings"],
            type_vocab_size=config["typeVocabSize"],
            layer_norm_eps=config["layerNormEps"],
            hidden_dropout_prob=config["hiddenDropoutProb"],
            attention_probs_dropout_prob=config["attentionProbsDropoutProb"],
            pad_token_id=config["padTokenId"],
            use_entity_aware_attention=False,
        )
    )
    model.lm_head.decoder.weight = model.luke.embeddings.word_embeddings.weight
    return model.train()


def make_batch(config: dict, capacity: dict, device: str) -> dict[str, torch.Tensor]:
    rows, words, entities = capacity["rows"], capacity["words"], capacity["entities"]
    positions = torch.full((rows, entities, capacity["mentionLength"]), -1)
    positions[:, :, :2] = torch.randint(words, (rows, entities, 2))

    def labels(width: int, masked: int, size: int) -> torch.Tensor:
        flat = torch.full((rows * width,), -100)
        flat[torch.randperm(rows * width)[:masked]] = torch.randint(size, (masked,))
        return flat.view(rows, width)

    batch = {
        "input_ids": torch.randint(2, config["vocabSize"], (rows, words)),
        "attention_mask": torch.ones(rows, words, dtype=torch.long),
        "entity_ids": torch.randint(3, config["entityVocabSize"], (rows, entities)),
        "entity_attention_mask": torch.ones(rows, entities, dtype=torch.long),
        "entity_position_ids": positions,
        "labels": labels(words, capacity["maskedWords"], config["vocabSize"]),
        "entity_labels": labels(entities, capacity["maskedEntities"], config["entityVocabSize"]),
    }
    return {name: tensor.to(device) for name, tensor in batch.items()}


class MaskedHeads(torch.nn.Module):
    """LukeForMaskedLM's loss from logits at masked places only, whose positions are known beforehand."""

    def __init__(self, model: transformers.LukeForMaskedLM, batch: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.model = model
        self.places = [(batch[name].flatten() != -100).nonzero().squeeze(1) for name in ("labels", "entity_labels")]
        self.wanted = [batch[name].flatten()[at] for name, at in zip(("labels", "entity_labels"), self.places)]

    def forward(self, **batch: torch.Tensor) -> torch.Tensor:
        inputs = {name: tensor for name, tensor in batch.items() if not name.endswith("labels")}
        out = self.model.luke(**inputs)
        words = self.model.lm_head(out.last_hidden_state.flatten(0, 1)[self.places[0]])
        entities = self.model.entity_predictions(out.entity_last_hidden_state.flatten(0, 1)[self.places[1]])
        return functional.cross_entropy(words, self.wanted[0]) + functional.cross_entropy(entities, self.wanted[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", type=json.loads)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--attention", choices=["eager", "sdpa"], default="eager")
    parser.add_argument("--heads", choices=["masked", "all"], default="masked")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--turns", action="store_true")
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.attention == "sdpa":
        modeling_luke.LukeSelfAttention.forward = sdpa_forward
    config, capacity = options.shape["config"], options.shape["capacity"]
    model = make_model(config).to(options.device)
    batch = make_batch(config, capacity, options.device)
    cuda = options.device == "cuda"
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-6, weight_decay=0.01, fused=cuda, foreach=not cuda)
    forward = MaskedHeads(model, batch) if options.heads == "masked" else lambda **inputs: model(**inputs).loss
    loss_of = torch.compile(forward) if options.compile else forward

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            loss = loss_of(**batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    def milliseconds(steps: int) -> float:
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        if cuda:
            torch.cuda.synchronize()
        return (time.perf_counter() - begin) * 1000 / steps

    def answer(**fields: object) -> None:
        print(json.dumps(fields), flush=True)

    about = {
        "device": torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads",
        "peer": f"PyTorch {torch.__version__}, transformers {transformers.__version__}, {options.precision}, "
        f"{'compiled' if options.compile else 'eager'}, {options.attention} attention, {options.heads} heads",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    milliseconds(2)
    if options.turns:
        answer(**about)
        for line in sys.stdin:
            answer(milliseconds=milliseconds(int(line)))
    else:
        times = [milliseconds(1) for _ in range(options.steps)]
        answer(**about, milliseconds=statistics.median(times))


if __name__ == "__main__":
    main()
