import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementsOf } from "../testdata_tensors.ts";
import { openWeights } from "./open_weights.ts";
import { floatTensor } from "./row_view.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { WeightsError } from "./weights_error.ts";
import { writeWeights, type WriteWeightsOptions } from "./write_weights.ts";

function inDirectory(check: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "weights-"));
  try {
    check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const tensors = new Map<string, StoredTensor>([
  ["c", floatTensor([2, 3], Float32Array.of(1, -2, 3.140625, 0, 1e-3, 65504))],
  ["a", floatTensor([4], Float32Array.of(1, 2, 3, 4))],
  ["b", floatTensor([], Float32Array.of(7))],
]);

Deno.test("writeWeights() writes one file, and shards above a size, that openWeights() reads", () => {
  const cases: [WriteWeightsOptions, string[], string][] = [
    [{}, ["model.safetensors"], "F32"],
    [{ dtype: "bf16" }, ["model.safetensors"], "BF16"],
    [
      { dtype: "f16", maxShardSize: 10 },
      [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
      ],
      "F16",
    ],
  ];
  for (const [options, files, dtype] of cases) {
    inDirectory((directory) => {
      const progress: [number, number][] = [];
      assert.deepEqual(
        writeWeights(directory, tensors, { ...options, onProgress: (...at) => progress.push(at) }),
        files,
      );
      assert.deepEqual(readdirSync(directory).sort(), files);
      assert.deepEqual(progress.at(-1)?.[0], progress[0]?.[1]);
      using weights = openWeights(directory);
      assert.deepEqual(new Set(weights.tensors.keys()), new Set(tensors.keys()));
      for (const [name, { shape }] of tensors) {
        assert.deepEqual([weights.tensors.get(name)?.dtype, weights.tensors.get(name)?.shape], [
          dtype,
          shape,
        ]);
      }
      assert.deepEqual(elementsOf(weights.tensors, "a"), elementsOf(tensors, "a"));
      const tolerance = dtype === "F32" ? 0 : dtype === "F16" ? 2 ** -11 : 2 ** -8;
      elementsOf(weights.tensors, "c").forEach((value, i) => {
        const exact = elementsOf(tensors, "c")[i] ?? 0;
        assert.ok(Math.abs(value - exact) <= tolerance * Math.abs(exact), `${value} for ${exact}`);
      });
    });
  }
});

Deno.test("writeWeights() lists in the index where each tensor is, and the bytes of all", () => {
  inDirectory((directory) => {
    writeWeights(directory, tensors, { maxShardSize: 24 });
    const index = JSON.parse(readFileSync(join(directory, "model.safetensors.index.json"), "utf8"));
    assert.deepEqual(index, {
      metadata: { total_size: 44 },
      weight_map: {
        a: "model-00002-of-00002.safetensors",
        b: "model-00002-of-00002.safetensors",
        c: "model-00001-of-00002.safetensors",
      },
    });
  });
});

Deno.test("writeWeights() refuses values that are not finite, and those that f16 cannot hold", () => {
  inDirectory((directory) => {
    for (const value of [NaN, -Infinity]) {
      const broken = new Map([["x", floatTensor([2], Float32Array.of(0, value))]]);
      assert.throws(
        () => writeWeights(directory, broken),
        (error) =>
          error instanceof WeightsError &&
          /tensor x, element 1: .* is no number to write/.test(error.message),
      );
    }
    const large = new Map([["x", floatTensor([3], Float32Array.of(0, 65519, -65520))]]);
    assert.throws(
      () => writeWeights(directory, large, { dtype: "f16" }),
      (error) =>
        error instanceof WeightsError && /tensor x, element 2: -65520 does not fit f16/.test(error.message),
    );
  });
});
