import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementCount } from "./element_types.ts";
import { openBytes, openWeights } from "./open_weights.ts";
import type { StoredWeights } from "./stored_tensor.ts";
import { memoryFile } from "./testdata_pickle.ts";
import { WeightsError } from "./weights_error.ts";

const fixtures = new URL("../../tests/fixtures/weights/", import.meta.url).pathname;
const FILES = [
  "model.safetensors",
  "bf16.safetensors",
  "zip.bin",
  "zip_protocol_5.bin",
  "bf16_zip.bin",
  "unsigned_zip.bin",
  "legacy.bin",
  "f16_legacy.bin",
  "deepspeed/checkpoints/epoch1/mp_rank_00_model_states.pt",
];
/** Flips a file; `LUKEFORGE_FUZZ` multiplies them. */
const TRIALS = 2000 * Number(Deno.env.get("LUKEFORGE_FUZZ") ?? 1);

/** Marsaglia's xorshift: the same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed * 2654435761 | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Reads the first and the last elements of every tensor; true when all could be read. */
function isReadable(open: () => StoredWeights): boolean {
  try {
    using weights = open();
    for (const tensor of weights.tensors.values()) {
      const count = elementCount(tensor.shape);
      assert.ok(Number.isSafeInteger(count));
      tensor.readFloats(0, Math.min(count, 1000));
      tensor.readFloats(Math.max(count - 1000, 0), count);
    }
    return true;
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    assert.ok(error.message.length < 5000);
    return false;
  }
}

for (const name of FILES) {
  Deno.test(`openBytes() refuses ${name} wherever it is cut`, () => {
    const file = readFileSync(join(fixtures, name));
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      assert.ok(!isReadable(() => openBytes(memoryFile(cut))), `${length} of ${file.length} bytes`);
    }
  });

  Deno.test(`openBytes() reads or refuses ${name} with bytes changed, and does nothing else`, () => {
    const file = readFileSync(join(fixtures, name));
    const draw = random(file.length);
    let readable = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const changed = Uint8Array.from(file);
      for (let flips = 1 + draw(4); flips > 0; flips--) {
        // Extreme values, where a byte is one of a length, besides any.
        const value = [draw(256), 0, 0x7f, 0xff][draw(4)] ?? 0;
        changed[draw(changed.length)] = value;
      }
      if (isReadable(() => openBytes(memoryFile(changed)))) readable++;
    }
    // Bytes of elements and of padding may be anything.
    assert.ok(readable > 0 && readable < TRIALS, `${readable} of ${TRIALS}`);
  });
}

for (const name of ["luke.tar", "luke.tar.gz"]) {
  Deno.test(`openWeights() reads or refuses ${name} cut or with bytes changed`, () => {
    const directory = mkdtempSync(join(tmpdir(), "damaged-"));
    try {
      const path = join(directory, name);
      const file = readFileSync(join(fixtures, name));
      const draw = random(file.length);
      const weightsEnd = 512 + readFileSync(join(fixtures, "legacy.bin")).length;
      for (let trial = 0; trial < TRIALS / 10; trial++) {
        const length = draw(file.length);
        writeFileSync(path, file.subarray(0, length));
        const isWhole = name === "luke.tar" && length >= weightsEnd;
        if (!isWhole) assert.ok(!isReadable(() => openWeights(path)), `${length} of ${file.length} bytes`);
        const changed = Uint8Array.from(file);
        changed[draw(changed.length)] = draw(256);
        writeFileSync(path, changed);
        isReadable(() => openWeights(path));
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

Deno.test("openWeights() reads or refuses an index with bytes changed", () => {
  const directory = mkdtempSync(join(tmpdir(), "damaged-"));
  try {
    const name = "model.safetensors.index.json";
    const index = readFileSync(join(fixtures, "sharded_safetensors", name));
    const shards = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
    for (const shard of shards) {
      writeFileSync(join(directory, shard), readFileSync(join(fixtures, "sharded_safetensors", shard)));
    }
    const draw = random(index.length);
    for (let trial = 0; trial < TRIALS / 10; trial++) {
      const changed = Uint8Array.from(index);
      changed[draw(changed.length)] = draw(256);
      writeFileSync(join(directory, name), changed);
      isReadable(() => openWeights(directory));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
