"""The product 512 x 768 x 768 in float32 in PyTorch against ours, by turns.

    python matmul_time.py [rounds]

Starts `model/cpu/matmul_bench.ts --serve`, and in every round times PyTorch on all cores and then each of our variants. Prints
the medians and the ratios of speeds. Needs `deno` on PATH.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

SHAPE = (512, 768, 768)
ROOT = Path(__file__).resolve().parents[2]


def once(a: torch.Tensor, b: torch.Tensor) -> float:
    begin = time.perf_counter()
    a @ b.T
    return time.perf_counter() - begin


def main(rounds: int) -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    m, n, k = SHAPE
    a, b = torch.randn(m, k), torch.randn(n, k)
    command = ["deno", "run", "-A", "model/cpu/matmul_bench.ts", "--serve"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        theirs: list[float] = []
        ours: dict[str, list[float]] = {}
        for _ in range(rounds):
            once(a, b)
            theirs.append(statistics.median(once(a, b) for _ in range(3)))
            peer.stdin.write("\n")
            peer.stdin.flush()
            for variant, seconds in json.loads(peer.stdout.readline()).items():
                ours.setdefault(variant, []).append(seconds)
        peer.stdin.close()
    gflop = 2e-9 * m * n * k
    print(f"PyTorch, {torch.get_num_threads()} threads: {gflop / statistics.median(theirs):.1f} GFLOP/s")
    for variant, seconds in ours.items():
        ratio = statistics.median(t / s for t, s in zip(theirs, seconds))
        print(f"{variant}: {gflop / statistics.median(seconds):.1f} GFLOP/s, {ratio:.3f} of PyTorch")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
