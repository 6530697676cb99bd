import assert from "node:assert/strict";
import { growthLines, stepLines } from "./bench_report.ts";
import { LUKE_SHAPES } from "@lukeforge/model";

function kernel(name: string, shape: string, share: number, gflops: number | undefined) {
  const milliseconds = share * 10;
  return {
    kernel: name,
    shape,
    kind: "products",
    dispatches: 2,
    milliseconds,
    share,
    gflops,
    gigabytes: 2,
    ofCeiling: 0.5,
  };
}

Deno.test("stepLines() shows every kernel, small ones in one line by name", () => {
  const lines = stepLines({ name: "sample", precision: "f32", ...LUKE_SHAPES.sample }, {
    parameters: 1000,
    deviceBytes: 2 ** 20,
    dispatches: 8,
    milliseconds: 10,
    steps: 5,
    tokensPerSecond: 102_400,
    modelFlops: 1e9,
    gflops: 100,
    mfu: { measured: 0.5, f32: 0.25, bf16: 0.02 },
    host: { batch: 0.1, encode: 0.2 },
    kinds: [["products", 1]],
    kernels: [
      kernel("matmul", "64×64×64", 0.993, 20),
      kernel("add", "100", 0.003, undefined),
      kernel("add", "50", 0.002, undefined),
      kernel("gelu", "9", 0.002, undefined),
    ],
  });
  const text = lines.join("\n");
  assert.match(text, /^matmul +64×64×64 +2 +9\.93 +99\.3 % +20 +2 +50\.0 %$/m);
  assert.match(text, /^add +2 shapes +4 +0\.050 +0\.5 % +2 +50\.0 %$/m);
  assert.match(text, /^gelu +9 +2 /m);
  assert.match(
    text,
    /50\.0 % of the measured ceiling, 25\.0 % of the published f32 peak, 2\.0 % of the bf16/,
  );
  assert.match(text, /commands encoded in 0\.200 ms: 3\.0 % of the step$/m);
});

Deno.test("growthLines() shows device bytes and the resident memory's way", () => {
  assert.deepEqual(
    growthLines({ steps: 1000, deviceBytes: [10, 10], residentBytes: [2 ** 20, 3 * 2 ** 19] }),
    [
      "memory over 1,000 steps: 0 bytes more on the device; resident MiB 1.0, 1.5",
    ],
  );
});
