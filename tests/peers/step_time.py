"""Seconds of a training step of LUKE in PyTorch on the CPU, for the shapes of model/luke_network_bench.ts.

    python step_time.py [sample|small] [steps]

The model is that of tiny_luke.py in float32 on all cores, with torch.optim.AdamW (foreach) and clipping; no dropout, which
the benchmark of ours has. Logits at masked places only, as ours.
"""

import os
import sys
import time

import torch

import tiny_luke

SHAPES = {
    "sample": dict(vocab=2000, entities=150, hidden=64, size=32, layers=2, heads=4, inner=256, batch=(32, 32, 8, 160, 64)),
    "small": dict(vocab=8000, entities=5000, hidden=256, size=64, layers=4, heads=4, inner=1024, batch=(16, 128, 16, 320, 48)),
}


def main(name: str, steps: int) -> None:
    shape = SHAPES[name]
    rows, words, slots, masked_words, masked_entities = shape["batch"]
    torch.manual_seed(1)
    torch.set_num_threads(os.cpu_count() or 1)
    config = {
        "vocab_size": shape["vocab"],
        "entity_vocab_size": shape["entities"],
        "hidden_size": shape["hidden"],
        "entity_emb_size": shape["size"],
        "num_hidden_layers": shape["layers"],
        "num_attention_heads": shape["heads"],
        "intermediate_size": shape["inner"],
        "max_position_embeddings": words + 2,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "pad_token_id": 1,
    }
    kind = {"config": config, "position_type": "roberta"}
    params = {
        key: (torch.randn(size) * 0.02).requires_grad_(True) for key, size in tiny_luke.parameter_shapes(config).items()
    }
    positions = torch.full((rows, slots, 30), -1)
    positions[:, :, :2] = torch.randint(words, (rows, slots, 2))
    batch = {
        "word_ids": torch.randint(2, shape["vocab"], (rows, words)),
        "word_attention_mask": torch.ones(rows, words, dtype=torch.long),
        "entity_ids": torch.randint(3, shape["entities"], (rows, slots)),
        "entity_attention_mask": torch.ones(rows, slots, dtype=torch.long),
        "entity_position_ids": positions,
        "masked_word_positions": torch.randperm(rows * words)[:masked_words],
        "masked_word_labels": torch.randint(shape["vocab"], (masked_words,)),
        "masked_entity_positions": torch.randperm(rows * slots)[:masked_entities],
        "masked_entity_labels": torch.randint(shape["entities"], (masked_entities,)),
    }
    optimizer = torch.optim.AdamW(params.values(), lr=1e-4, eps=1e-6, weight_decay=0.01, foreach=True)
    model = tiny_luke.TinyLuke(kind, params)

    def step() -> None:
        optimizer.zero_grad()
        model.run(batch)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
        optimizer.step()

    for _ in range(3):
        step()
    begin = time.perf_counter()
    for _ in range(steps):
        step()
    seconds = (time.perf_counter() - begin) / steps
    print(f"{name} in PyTorch {torch.__version__}: {seconds * 1000:.1f} ms a step, {rows * words / seconds:.0f} words/s")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sample", int(sys.argv[2]) if len(sys.argv) > 2 else 20)
