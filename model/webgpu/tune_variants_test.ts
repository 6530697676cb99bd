import assert from "node:assert/strict";
import type { Dispatch } from "../device.ts";
import { defineKernel, type KernelVariant } from "../kernel.ts";
import { requestWebGPU, webgpuAvailable } from "./request.ts";
import { tuneVariants } from "./tune_variants.ts";
import {
  isTuningDamaged,
  readTuning,
  tuningName,
  type TuningStore,
  type TuningTable,
  writeTuning,
} from "./tuning_table.ts";
import { WebGPUDevice } from "./webgpu_device.ts";

function storeOf(text?: string): TuningStore & { text: string | undefined } {
  return {
    text,
    read() {
      return this.text;
    },
    write(text) {
      this.text = text;
    },
  };
}

Deno.test("writeTuning() keeps other adapters and shapes, readTuning() gives an adapter its own", () => {
  const store = storeOf();
  assert.deepEqual(readTuning(store, "one"), {});
  writeTuning(store, "one", { a: "x", b: "y" });
  writeTuning(store, "two", { a: "z" });
  writeTuning(store, "one", { b: "z" });
  assert.deepEqual(readTuning(store, "one"), { a: "x", b: "z" });
  assert.deepEqual(readTuning(store, "two"), { a: "z" });
});

Deno.test("readTuning() takes nothing from what it cannot read", () => {
  const other = JSON.stringify({ version: 0, adapters: { one: { a: "x" } } });
  const odd = JSON.stringify({ version: 1, adapters: { one: { a: 1 } } });
  for (const text of [undefined, "", "{", "null", other, odd]) {
    assert.deepEqual(readTuning(storeOf(text), "one"), {});
    assert.equal(isTuningDamaged(storeOf(text)), text !== undefined && text !== other, text);
  }
});

Deno.test("tuningName() tells tables apart, whatever their order", () => {
  assert.equal(tuningName({}), "built-in");
  assert.match(tuningName({ a: "x" }), /^tuned [0-9a-f]{8}$/);
  assert.equal(tuningName({ a: "x", b: "y" }), tuningName({ b: "y", a: "x" }));
  assert.notEqual(tuningName({ a: "x" }), tuningName({ a: "y" }));
});

/** Writes its own number. */
function numbered(name: string, number: number): KernelVariant {
  return {
    name,
    wgsl: `@compute @workgroup_size(1) fn main() { y[0] = ${number}.0; }`,
    workgroups: () => 1,
  };
}

const kernel = defineKernel({
  name: "numbered",
  bindings: [{ name: "y", dtype: "f32", access: "read_write" }],
  sizes: ["count"],
  live: [],
  wgsl: "",
  workgroups: () => 1,
  variants: {
    shapeClass: () => "any",
    list: () => [numbered("slow", 1), numbered("fast", 2)],
  },
  tiles: () => 1,
  reference() {},
});

Deno.test({
  name:
    "tuneVariants() finds the fastest, and WebGPUDevice runs the named, the tuned or else the built-in variant",
  ignore: !await webgpuAvailable(),
  async fn() {
    const first = async (tuning: TuningTable, variant?: string): Promise<number | undefined> => {
      const device = await open(tuning);
      const allocation = device.allocate("y", "f32", 64);
      const dispatch = dispatchOn(allocation);
      const program = await device.compile([{ ...dispatch, ...(variant && { variant }) }]);
      await device.run(program, {});
      const [value] = await device.read({ allocation, offset: 0, length: 1 });
      device.destroy();
      return value;
    };
    const device = await open({});
    const seen: string[] = [];
    const before = device.allocatedBytes;
    const planned = dispatchOn({ label: "planned", dtype: "f32", length: 64 });
    const table = await tuneVariants(device, [planned, planned], {
      turns: 1,
      clock: (variant) => variant === "slow" ? 1.5 : 1, // what was measured would make this a test of speed
      onClass: ({ key, builtIn, fastest }, done, total) =>
        seen.push(`${done}/${total} ${key}: ${builtIn}, ${fastest}`),
    });
    assert.deepEqual(seen, ["1/1 numbered any: slow, fast"]);
    assert.equal(device.allocatedBytes, before);
    assert.equal(device.choices.variants, "built-in");
    device.destroy();
    assert.deepEqual(table, { "numbered any": "fast" });
    assert.equal(await first({}), 1);
    assert.equal(await first(table), 2);
    assert.equal(await first(table, "slow"), 1);
    assert.equal(await first({ "numbered any": "gone" }), 1);
    await assert.rejects(first({}, "gone"), /numbered has no variant gone here, only slow, fast/);
  },
});

async function open(tuning: TuningTable): Promise<WebGPUDevice> {
  const requested = await requestWebGPU();
  assert.ok(requested);
  return new WebGPUDevice(requested.device, "test", { tuning });
}

function dispatchOn(allocation: Dispatch["views"][number]["allocation"]): Dispatch {
  return { kernel, sizes: { count: 1 }, views: [{ allocation, offset: 0, length: 64 }] };
}
