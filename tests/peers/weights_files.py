"""Writes ../fixtures/weights/: the same small weights in every container that people have weights in.

The tensors are what real files hold: tied names that share a storage, a transposed view, a view at an offset, a Parameter, a
scalar, an empty tensor, integers, booleans, float64. `model.safetensors` has them all by value and is what the others are held
against; `f16*` and `bf16*` have the f32 ones in half precision. Run it again and the same tensors come out; files of before
PyTorch 1.6 number their storages by addresses in memory.
"""

import argparse
import collections
import gzip
import io
import json
import shutil
import sys
import tarfile
import types
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "weights"


def state_dict() -> "collections.OrderedDict[str, torch.Tensor]":
    torch.manual_seed(4)
    table = torch.randn(11, 6)
    state = collections.OrderedDict()
    state["embeddings.word_embeddings.weight"] = torch.nn.Parameter(table)
    state["lm_head.decoder.weight"] = table  # tied
    state["encoder.query.weight"] = torch.randn(6, 5).t()
    state["encoder.key.weight"] = torch.randn(4, 9, 3)[1:3, ::2, 1:]
    state["encoder.bias"] = table[7]
    state["expanded"] = torch.randn(1, 3).expand(4, 3)
    state["scale"] = torch.tensor(0.25)
    state["empty"] = torch.zeros(0, 6)
    state["double"] = torch.randn(3, dtype=torch.float64)
    state["position_ids"] = torch.arange(9).expand((1, -1))
    state["int32"] = torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32)
    state["int16"] = torch.tensor([-(2**15), 7], dtype=torch.int16)
    state["int8"] = torch.tensor([-128, 127], dtype=torch.int8)
    state["uint8"] = torch.tensor([0, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    return state


def by_value(state):
    return {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}


def save_legacy(state, path: Path) -> None:
    """As PyTorch before 1.6. Keys and order of its storages are addresses in memory."""
    torch.save(state, path, _use_new_zipfile_serialization=False)


def deepspeed_state(state) -> dict:
    """What DeepSpeed writes beside the weights, with its own classes stood in for by name."""
    module = types.ModuleType("deepspeed.runtime.fp16.loss_scaler")
    for name in ("LossScaler", "DynamicLossScaler"):
        cls = type(name, (), {"__module__": module.__name__})
        setattr(module, name, cls)
    for name in ("deepspeed", "deepspeed.runtime", "deepspeed.runtime.fp16"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules[module.__name__] = module
    scaler = module.DynamicLossScaler()
    scaler.cur_scale = 65536.0
    counts = collections.defaultdict(list)
    counts["epoch"].append(1)
    return {
        "module": state,
        "buffer_names": ["position_ids"],
        "optimizer": {"dynamic_loss_scale": True, "loss_scaler": scaler, "clip_grad": numpy.float64(1.0)},
        "param_shapes": [collections.OrderedDict((name, tensor.shape) for name, tensor in state.items())],
        "lr_scheduler": {"last_batch_iteration": 7},
        "sparse_tensor_module_names": {"embeddings"},
        "skipped_steps": 0,
        "global_steps": 2**40,
        "mp_world_size": numpy.int64(1),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "args": argparse.Namespace(learning_rate=1e-4, masks=numpy.arange(3)),
        "counts": counts,
        "ds_config": {"fp16": {"enabled": True}, "zero_optimization": None, "lists": [(), (1,), (1, 2, 3, 4)]},
        "ds_version": "0.15.0",
    }


def save_shards(state, directory: Path, extension: str, write) -> None:
    directory.mkdir()
    names = list(state)
    stem = "model" if extension == "safetensors" else "pytorch_model"
    weight_map = {}
    for i, part in enumerate((names[:3], names[3:8], names[8:])):
        shard = f"{stem}-{i + 1:05}-of-00003.{extension}"
        write({name: state[name] for name in part}, directory / shard)
        weight_map.update((name, shard) for name in part)
    size = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (directory / f"{stem}.{extension}.index.json").write_text(json.dumps(index, indent=2) + "\n")


def save_archive(files, path: Path, compress: bool) -> None:
    """As LUKE's create-model-archive."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    path.write_bytes(gzip.compress(memory.getvalue(), mtime=0) if compress else memory.getvalue())


def save_pt(tensors, path: Path) -> None:
    save_file(tensors, path, metadata={"format": "pt"})


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    state = state_dict()
    values = by_value(state)
    save_pt(values, OUT / "model.safetensors")
    torch.save(state, OUT / "zip.bin")
    torch.save(state, OUT / "zip_protocol_5.bin", pickle_protocol=5)
    save_legacy(state, OUT / "legacy.bin")
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
        half = {key: value.to(dtype) for key, value in values.items() if value.dtype == torch.float32}
        save_pt(half, OUT / f"{name}.safetensors")
        torch.save(half, OUT / f"{name}_zip.bin")
        save_legacy(half, OUT / f"{name}_legacy.bin")
    small_types = {name: torch.tensor([0, 1, 2**15 + 1], dtype=getattr(torch, name)) for name in ("uint16", "uint32", "uint64")}
    save_pt(small_types, OUT / "unsigned.safetensors")
    torch.save(small_types, OUT / "unsigned_zip.bin")
    save_shards(values, OUT / "sharded_safetensors", "safetensors", save_pt)
    save_shards(state, OUT / "sharded_bin", "bin", torch.save)
    checkpoint = OUT / "deepspeed" / "checkpoints" / "epoch1"
    checkpoint.mkdir(parents=True)
    torch.save(deepspeed_state(state), checkpoint / "mp_rank_00_model_states.pt")
    (checkpoint.parent / "latest").write_text("epoch1")
    archived = {
        "pytorch_model.bin": (OUT / "legacy.bin").read_bytes(),
        "metadata.json": b'{"model_config": {"entity_vocab_size": 5}}\n',
        "entity_vocab.tsv": b"[PAD]\t0\n[UNK]\t0\n[MASK]\t0\nJapan\t3\nTokyo\t2\n",
    }
    save_archive(archived, OUT / "luke.tar", compress=False)
    save_archive(archived, OUT / "luke.tar.gz", compress=True)


if __name__ == "__main__":
    main()
