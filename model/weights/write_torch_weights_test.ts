import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights } from "./open_weights.ts";
import { floatTensor } from "./row_view.ts";
import { WeightsError } from "./weights_error.ts";
import { WeightsFile } from "./weights_file.ts";
import { writeTorchWeights } from "./write_torch_weights.ts";
import { readZipDirectory } from "./zip_directory.ts";
import { ZipWriter } from "./zip_writer.ts";

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "torch-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const table = floatTensor([2, 3], new Float32Array([1, -2, 0.1, 4, 5, 1e-9]));

Deno.test("writeTorchWeights() writes what openWeights() reads, a storage for tied weights, aligned", () => {
  withDirectory((directory) => {
    const path = join(directory, "pytorch_model.bin");
    const tensors = new Map([
      ["embeddings.weight", table],
      ["décodeur", table],
      ["scalar", floatTensor([], new Float32Array([7]))],
      ["empty", floatTensor([0, 3], new Float32Array(0))],
    ]);
    const progress: number[] = [];
    writeTorchWeights(path, tensors, { onProgress: (done, total) => progress.push(done, total) });
    assert.deepEqual(progress, [24, 28, 28, 28]);
    assert.deepEqual(readdirSync(directory), ["pytorch_model.bin"]);
    {
      using file = new WeightsFile(path);
      const entries = [...readZipDirectory(file)];
      assert.deepEqual(entries.map(([name]) => name.replace("archive/", "")), [
        "data.pkl",
        ".format_version",
        ".storage_alignment",
        "byteorder",
        "data/0",
        "data/1",
        "data/2",
        "version",
      ]);
      for (const [, { position }] of entries) assert.equal(position % 64, 0);
    }
    using weights = openWeights(path);
    assert.equal(weights.format, "PyTorch zip");
    for (const [name, { shape, readFloats }] of tensors) {
      const read = weights.tensors.get(name);
      assert.deepEqual(read?.shape, shape);
      const count = shape.reduce((product, size) => product * size, 1);
      assert.deepEqual(read?.readFloats(0, count), readFloats(0, count));
    }
  });
});

Deno.test("writeTorchWeights() rounds to half precision, and can put the state dict under a key", () => {
  withDirectory((directory) => {
    const path = join(directory, "mp_rank_00_model_states.pt");
    for (const [dtype, stored] of [["f16", "F16"], ["bf16", "BF16"]] as const) {
      writeTorchWeights(path, new Map([["w", table]]), { dtype, key: "module" });
      using weights = openWeights(directory);
      const read = weights.tensors.get("w");
      assert.equal(read?.dtype, stored);
      const third = dtype === "f16" ? 0.0999755859375 : 0.10009765625;
      assert.deepEqual([...read?.readFloats(0, 5) ?? []], [1, -2, third, 4, 5]);
    }
    const large = floatTensor([2], new Float32Array([1, 1e5]));
    assert.throws(
      () => writeTorchWeights(path, new Map([["w", large]]), { dtype: "f16" }),
      (error) =>
        error instanceof WeightsError && /tensor w, element 1: 100000 does not fit f16/.test(error.message),
    );
    assert.deepEqual(readdirSync(directory), ["mp_rank_00_model_states.pt"]);
  });
});

for (
  const [what, limits] of [
    ["sizes", { bytes: 20, entries: 100 }],
    ["entries", { bytes: 1 << 30, entries: 2 }],
    ["nothing", { bytes: 1 << 30, entries: 100 }],
  ] as const
) {
  Deno.test(`ZipWriter writes ZIP64 for ${what} beyond the limits, and readZipDirectory() reads it`, () => {
    withDirectory((directory) => {
      const path = join(directory, "a.zip");
      const handle = openSync(path, "w");
      const zip = new ZipWriter(handle, limits);
      const contents = [3, 30, 0].map((length) => new Uint8Array(length).fill(length));
      contents.forEach((content, i) =>
        zip.add(`a/${i}`, content.length, [content.subarray(0, 2), content.subarray(2)], 64)
      );
      assert.throws(() => zip.add("short", 2, [new Uint8Array(1)], 1), /short: 1 bytes, 2 were announced/);
      zip.finish();
      closeSync(handle);
      using file = new WeightsFile(path);
      const entries = [...readZipDirectory(file).values()];
      assert.deepEqual(entries.map(({ position, size }) => file.read(position, size)), contents);
    });
  });
}
