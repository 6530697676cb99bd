import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights } from "./open_weights.ts";
import type { LazySafetensorsTensor } from "./safetensors.ts";
import { writeSafetensors } from "./safetensors_file.ts";
import { WeightsError } from "./weights_error.ts";

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "weights-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const floats = (...values: number[]) => ({ shape: [values.length], data: new Float32Array(values) });

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof WeightsError && message.test(error.message);
}

Deno.test("openWeights() reads tensors in pieces, by file and by directory", () => {
  withDirectory((directory) => {
    const path = join(directory, "model.safetensors");
    writeSafetensors(path, new Map([["w", { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }]]));
    for (const named of [path, directory]) {
      using weights = openWeights(named);
      assert.equal(weights.path, named);
      assert.equal(weights.format, "safetensors");
      const tensor = weights.tensors.get("w");
      assert.deepEqual(tensor?.shape, [2, 2]);
      assert.deepEqual(tensor?.readFloats(1, 3), new Float32Array([2, 3]));
      assert.deepEqual(tensor?.readFloats(4, 4), new Float32Array(0));
      assert.throws(() => tensor?.readFloats(3, 5), RangeError);
      weights[Symbol.dispose]();
      assert.throws(() => tensor?.readFloats(0, 1), refused(/model\.safetensors: was closed/));
    }
  });
});

Deno.test("openWeights() reads f16 and bf16 files exactly", () => {
  withDirectory((directory) => {
    const path = join(directory, "half.safetensors");
    const values = new Float32Array([0, -0, 1, -2.5, 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, 0.1]);
    const tensor = (dtype: "F16" | "BF16"): LazySafetensorsTensor => ({
      dtype,
      shape: [10],
      data: () => [values.subarray(0, 3), values.subarray(3)],
    });
    writeSafetensors(path, new Map([["f16", tensor("F16")], ["bf16", tensor("BF16")]]));
    using weights = openWeights(path);
    assert.equal(weights.tensors.get("f16")?.dtype, "F16");
    assert.deepEqual(
      weights.tensors.get("f16")?.readFloats(0, 10),
      new Float32Array(new Float16Array(values)),
    );
    const bf16 = weights.tensors.get("bf16")?.readFloats(0, 10);
    assert.deepEqual(bf16?.subarray(0, 4), values.subarray(0, 4));
    assert.equal(bf16?.[6], 65536);
    assert.equal(bf16?.[9], 0.10009765625);
  });
});

Deno.test("openWeights() puts shards together and prefers a whole file", () => {
  withDirectory((directory) => {
    writeSafetensors(join(directory, "a.safetensors"), new Map([["x", floats(1)], ["extra", floats(3)]]));
    writeSafetensors(join(directory, "b.safetensors"), new Map([["y", floats(2)]]));
    const index = join(directory, "model.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ weight_map: { x: "a.safetensors", y: "b.safetensors" } }));
    for (const path of [directory, index]) {
      using weights = openWeights(path);
      assert.equal(weights.format, "safetensors in 2 shards");
      assert.deepEqual([...weights.tensors.keys()].sort(), ["extra", "x", "y"]);
      assert.deepEqual(weights.tensors.get("y")?.readFloats(0, 1), new Float32Array([2]));
    }
    writeSafetensors(join(directory, "model.safetensors"), new Map([["z", floats(1)]]));
    using weights = openWeights(directory);
    assert.deepEqual([...weights.tensors.keys()], ["z"]);
  });
});

for (
  const [what, index, message] of [
    ["is not JSON", "{", /index\.json: is not JSON/],
    ["has no map", "[]", /index\.json: has no weight_map/],
    ["has an empty map", '{"weight_map":{}}', /names no tensor/],
    [
      "climbs out",
      '{"weight_map":{"x":"../outside.safetensors"}}',
      /"\.\.\/outside\.safetensors", which is not/,
    ],
    ["is absolute", '{"weight_map":{"x":"/outside.safetensors"}}', /not a file in its directory/],
    ["climbs out the other way", '{"weight_map":{"x":"..\\\\outside.safetensors"}}', /not a file in its/],
    ["names its parent", '{"weight_map":{"x":".."}}', /not a file in its directory/],
    [
      "names itself",
      '{"weight_map":{"x":"model.safetensors.index.json"}}',
      /index\.json: byte 0: a header of \d+ bytes is too long/,
    ],
    ["names no text", '{"weight_map":{"x":1}}', /in 1, which is not/],
    [
      "names what is missing",
      '{"weight_map":{"x":"none.safetensors"}}',
      /none\.safetensors: cannot be opened/,
    ],
    [
      "names the wrong shard",
      '{"weight_map":{"y":"a.safetensors"}}',
      /tensor y in a\.safetensors, which lacks/,
    ],
  ] as const
) {
  Deno.test(`openWeights() refuses an index that ${what}`, () => {
    withDirectory((parent) => {
      const directory = join(parent, "model");
      mkdirSync(directory);
      writeSafetensors(join(parent, "outside.safetensors"), new Map([["x", floats(1)]]));
      writeSafetensors(join(directory, "a.safetensors"), new Map([["x", floats(1)]]));
      writeFileSync(join(directory, "model.safetensors.index.json"), index);
      assert.throws(() => openWeights(directory), refused(message));
    });
  });
}

Deno.test("openWeights() says where it looked", () => {
  withDirectory((directory) => {
    assert.throws(() => openWeights(directory), refused(/holds no weights: looked for model\.safetensors/));
    assert.throws(() => openWeights(join(directory, "none")), refused(/none: cannot be opened \(ENOENT\)/));
  });
});

Deno.test({
  name: "openWeights() does not wait for a pipe",
  ignore: Deno.build.os === "windows",
  fn() {
    withDirectory((directory) => {
      const path = join(directory, "model.safetensors");
      assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
      assert.throws(() => openWeights(directory), refused(/model\.safetensors: is not a file/));
    });
  },
});
