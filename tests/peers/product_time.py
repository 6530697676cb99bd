"""Time of a matrix product in PyTorch; `compare_product.ts` lets it take turns with ours.

    python product_time.py M N K [--device cpu|cuda] [--precision f32|bf16] [--threads N]

x wT of [M, K] and [N, K], as in a linear layer, without TF32. Each number read from stdin is answered by the time of one of so
many products in a row: `{"milliseconds": …}`.
"""

import argparse
import json
import sys
import time

import torch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("m", type=int)
    parser.add_argument("n", type=int)
    parser.add_argument("k", type=int)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()

    torch.backends.cuda.matmul.allow_tf32 = False
    if options.threads:
        torch.set_num_threads(options.threads)
    cuda = options.device == "cuda"
    dtype = torch.float32 if options.precision == "f32" else torch.bfloat16
    x = torch.rand(options.m, options.k, dtype=dtype, device=options.device) - 0.5
    w = torch.rand(options.n, options.k, dtype=dtype, device=options.device) - 0.5
    out = torch.empty(options.m, options.n, dtype=dtype, device=options.device)

    def milliseconds(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            torch.matmul(x, w.T, out=out)
        if cuda:
            torch.cuda.synchronize()
        return (time.perf_counter() - begin) * 1000 / count

    def answer(**fields: object) -> None:
        print(json.dumps(fields), flush=True)

    milliseconds(3)
    answer(
        device=torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads",
        peer=f"PyTorch {torch.__version__}, {options.precision}",
    )
    for line in sys.stdin:
        answer(milliseconds=milliseconds(int(line)))


if __name__ == "__main__":
    main()
