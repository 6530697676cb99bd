import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementCount } from "./element_types.ts";
import { openWeights } from "./open_weights.ts";
import { readSafetensors } from "./safetensors_file.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { WeightsArchive } from "./weights_archive.ts";
import { WeightsError } from "./weights_error.ts";

/** Written by tests/peers/weights_files.py. */
const fixtures = new URL("../../tests/fixtures/weights/", import.meta.url).pathname;

/** Shape, element type and elements of every tensor, read in pieces that no row fits. */
function contents(
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, readonly [string, readonly number[], number[]]> {
  return new Map(
    [...tensors].map(([name, { dtype, shape }]) => {
      const count = elementCount(shape);
      const floats: number[] = [];
      for (let at = 0; at < count; at += 5) {
        floats.push(...tensors.get(name)?.readFloats(at, Math.min(at + 5, count)) ?? []);
      }
      return [name, [dtype, shape, floats]] as const;
    }).sort(([a], [b]) => a < b ? -1 : 1),
  );
}

function contentsOf(path: string): ReturnType<typeof contents> {
  using weights = openWeights(join(fixtures, path));
  return contents(weights.tensors);
}

for (
  const [path, format] of [
    ["zip.bin", "PyTorch zip"],
    ["zip_protocol_5.bin", "PyTorch zip"],
    ["legacy.bin", "PyTorch before 1.6"],
    ["sharded_safetensors", "safetensors in 3 shards"],
    ["sharded_bin", "PyTorch zip in 3 shards"],
    ["sharded_bin/pytorch_model.bin.index.json", "PyTorch zip in 3 shards"],
    ["deepspeed", "PyTorch zip"],
    ["deepspeed/checkpoints", "PyTorch zip"],
    ["deepspeed/checkpoints/epoch1", "PyTorch zip"],
    ["luke.tar", "PyTorch before 1.6 in an archive"],
    ["luke.tar.gz", "PyTorch before 1.6 in an archive"],
  ] as const
) {
  Deno.test(`openWeights() finds the tensors of model.safetensors in ${path}`, () => {
    const expected = contentsOf("model.safetensors");
    assert.equal(expected.size, 15);
    using weights = openWeights(join(fixtures, path));
    assert.equal(weights.path, join(fixtures, path));
    assert.equal(weights.format, format);
    assert.deepEqual(contents(weights.tensors), expected);
  });
}

for (const [name, dtype] of [["f16", "F16"], ["bf16", "BF16"]] as const) {
  Deno.test(`openWeights() finds the same ${name} in safetensors and both PyTorch formats`, () => {
    const expected = contentsOf(`${name}.safetensors`);
    assert.deepEqual(new Set([...expected.values()].map(([dtype]) => dtype)), new Set([dtype]));
    assert.deepEqual(contentsOf(`${name}_zip.bin`), expected);
    assert.deepEqual(contentsOf(`${name}_legacy.bin`), expected);
  });
}

Deno.test("openWeights() reads the integers that PyTorch has no storage class for", () => {
  const expected = contentsOf("unsigned.safetensors");
  assert.deepEqual([...expected].map(([name, [dtype, , floats]]) => [name, dtype, floats]), [
    ["uint16", "U16", [0, 1, 32769]],
    ["uint32", "U32", [0, 1, 32769]],
    ["uint64", "U64", [0, 1, 32769]],
  ]);
  assert.deepEqual(contentsOf("unsigned_zip.bin"), expected);
});

Deno.test("readSafetensors() gives every element type", () => {
  const tensors = readSafetensors(join(fixtures, "model.safetensors"));
  assert.deepEqual(tensors.get("int16")?.data, new Int32Array([-32768, 7]));
  assert.deepEqual(tensors.get("bool")?.data, new Int32Array([1, 0, 1]));
  assert.ok(tensors.get("double")?.data instanceof Float32Array);
  const unsigned = readSafetensors(join(fixtures, "unsigned.safetensors"));
  assert.deepEqual(unsigned.get("uint64")?.data, new BigInt64Array([0n, 1n, 32769n]));
});

Deno.test("WeightsArchive has the files that LUKE puts beside the weights, and leaves nothing behind", () => {
  for (const name of ["luke.tar", "luke.tar.gz"]) {
    const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("lukeforge-archive-"));
    const before = leftovers();
    {
      using archive = new WeightsArchive(join(fixtures, name));
      assert.deepEqual([...archive.files.keys()], ["pytorch_model.bin", "metadata.json", "entity_vocab.tsv"]);
      assert.match(archive.text("metadata.json") ?? "", /entity_vocab_size/);
      assert.equal(archive.text("none"), undefined);
    }
    assert.deepEqual(leftovers(), before);
  }
});

Deno.test("openWeights() knows safetensors whatever the length of their header", () => {
  const directory = mkdtempSync(join(tmpdir(), "weights-"));
  try {
    const path = join(directory, "w");
    // Lengths of which the first bytes are those of a pickle, of a zip, of gzip and of bzip2.
    for (const length of [0x0280, 0x0480, 0x4b50, 0x8b1f, 0x685a42]) {
      const json = JSON.stringify({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }).padEnd(length);
      const file = new Uint8Array(8 + length + 4);
      new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
      new TextEncoder().encodeInto(json, file.subarray(8));
      writeFileSync(path, file);
      using weights = openWeights(path);
      assert.equal(weights.format, "safetensors");
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

Deno.test("openWeights() says what to do with what it does not read", () => {
  const directory = mkdtempSync(join(tmpdir(), "weights-"));
  try {
    const refused = (name: string, bytes: string | Uint8Array, message: RegExp): void => {
      writeFileSync(join(directory, name), bytes);
      assert.throws(
        () => openWeights(join(directory, name)),
        (error) => error instanceof WeightsError && message.test(error.message),
      );
    };
    refused("a.tar.bz2", "BZh91AY&SY", /a\.tar\.bz2: a bzip2 archive: unpack it with tar -xjf/);
    refused("a.tar.xz", new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /tar -xJf/);
    refused("model.bin", "version https://git-lfs.github.com/spec/v1\noid", /git lfs pull/);
    refused("tf_model.h5", new Uint8Array([0x89, 0x48, 0x44, 0x46, 13, 10]), /weights of TensorFlow/);
    refused("config.json", '{"model_type": "luke", "hidden_size": 768}', /not a safetensors file/);
    copyFileSync(join(fixtures, "zip.bin"), join(directory, "model_epoch1.bin"));
    rmSync(join(directory, "model.bin"));
    assert.throws(
      () => openWeights(directory),
      /name the file to open another one, such as .*model_epoch1\.bin/,
    );
    writeFileSync(join(directory, "latest"), "../outside");
    assert.throws(
      () => openWeights(directory),
      /latest: names "\.\.\/outside", which is not a directory beside it/,
    );
    writeFileSync(join(directory, "latest"), "epoch9");
    assert.throws(() => openWeights(directory), /latest: names epoch9, where there is no mp_rank_00/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
