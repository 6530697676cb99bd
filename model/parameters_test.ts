import assert from "node:assert/strict";
import { DeviceError } from "./device_error.ts";
import type { DType } from "./kernel.ts";
import { lukeParameters } from "./luke_parameters.ts";
import { Parameters, type ParameterSpec } from "./parameters.ts";
import { type ReferenceAllocation, ReferenceDevice } from "./reference_device.ts";
import { tinyLukeConfig } from "./testdata_tiny_luke.ts";

/** A device whose buffers hold at most a KiB: four runs of 64 elements. */
class NarrowDevice extends ReferenceDevice {
  override readonly maxBufferBytes = 1024;
}

const spec = (name: string, shape: readonly number[], decay: boolean): ParameterSpec => ({
  name,
  shape,
  initial: "normal",
  decay,
});

const specs = [
  spec("a", [10, 10], true),
  spec("b", [60], false),
  spec("c", [8, 16], true),
  spec("d", [1], false),
  spec("e", [256], true),
];

Deno.test("Parameters cuts pages of one decay group that fit a buffer", () => {
  const { pages } = new Parameters(new NarrowDevice(), specs, false);
  assert.deepEqual(
    pages.map(({ decay, length, gradient }) => ({ decay, length, gradient })),
    [
      { decay: true, length: 256, gradient: undefined }, // a and c, 128 elements each
      { decay: true, length: 256, gradient: undefined },
      { decay: false, length: 128, gradient: undefined },
    ],
  );
  const [wide] = new Parameters(new ReferenceDevice(), specs, false).pages;
  assert.equal(wide?.length, 512);
});

Deno.test("Parameters.get() gives disjoint aligned views inside their pages", () => {
  const parameters = new Parameters(new NarrowDevice(), specs, true);
  const taken = new Map<unknown, [number, number][]>();
  for (const { name, shape } of specs) {
    const { tensor, gradient } = parameters.get(name);
    assert.equal(tensor.columns, shape.at(-1));
    for (const { view } of [tensor, gradient ?? tensor]) {
      assert.ok(view);
      assert.equal(view.offset % 64, 0);
      assert.equal(view.length, shape.reduce((a, b) => a * b));
      assert.ok(view.offset + view.length <= view.allocation.length);
      const others = taken.get(view.allocation) ?? [];
      assert.ok(others.every(([begin, end]) => view.offset >= end || view.offset + view.length <= begin));
      taken.set(view.allocation, [...others, [view.offset, view.offset + view.length]]);
    }
    assert.notEqual(tensor.view?.allocation, gradient?.view?.allocation);
  }
  assert.throws(() => parameters.get("f"), { name: "RangeError", message: "there is no parameter f" });
  assert.equal(parameters.count, 100 + 60 + 128 + 1 + 256);
  assert.deepEqual(parameters.shapes, new Map(specs.map(({ name, shape }) => [name, shape])));
});

Deno.test("Parameters refuses a parameter that no buffer holds and names the remedy", () => {
  assert.throws(() => new Parameters(new NarrowDevice(), [spec("entities", [17, 16], true)], false), {
    name: "DeviceError",
    message:
      "entities [17, 16] has 1280 bytes, a buffer of this device at most 1024: use a smaller vocabulary, smaller entity " +
      "embeddings or --device cpu",
  });
});

Deno.test("Parameters that do not fit the device leave nothing allocated", () => {
  class SmallDevice extends ReferenceDevice {
    override allocate(label: string, dtype: DType, length: number): ReferenceAllocation {
      if (this.allocatedBytes > 4096) throw new DeviceError("no memory");
      return super.allocate(label, dtype, length);
    }
  }
  const device = new SmallDevice("f32");
  assert.throws(() => new Parameters(device, specs, true), DeviceError);
  assert.equal(device.allocatedBytes, 0);
});

Deno.test("Parameters.write() and read() keep every kind of values apart", async () => {
  const parameters = new Parameters(new NarrowDevice("f32"), specs, true);
  const slots = ["value", "gradient", "expAvg", "expAvgSq"] as const;
  const written = slots.map((slot, s) => {
    const values = new Map(
      specs.map(({ name, shape }, i) => {
        const length = shape.reduce((a, b) => a * b);
        return [name, Float32Array.from({ length }, (_, j) => 1000 * s + 100 * i + j / 10)];
      }),
    );
    parameters.write(slot, values);
    return values;
  });
  for (const [s, slot] of slots.entries()) assert.deepEqual(await parameters.read(slot), written[s]);
});

Deno.test("Parameters.write() lists every fault and writes nothing", async () => {
  const parameters = new Parameters(new ReferenceDevice("f32"), specs, false);
  const before = await parameters.read("value");
  const values = new Map([...before].map(([name, data]) => [name, data.map(() => 1)]));
  values.delete("a");
  values.set("d", new Float32Array(2));
  values.set("pooler", new Float32Array(1));
  assert.throws(() => parameters.write("value", values), {
    name: "RangeError",
    message: "a is missing; d has 2 elements, 1 expected; pooler is unknown",
  });
  assert.deepEqual(await parameters.read("value"), before);
  assert.throws(() => parameters.write("expAvg", before), { message: "expAvg exists only in training" });
  await assert.rejects(parameters.read("gradient"), { message: "gradient exists only in training" });
});

Deno.test("Parameters.initialize() draws each parameter from the seed, whatever the pages", async () => {
  const luke = lukeParameters(tinyLukeConfig());
  const drawn = async (device: ReferenceDevice, seed: number): Promise<Map<string, Float32Array>> => {
    const parameters = new Parameters(device, luke, false);
    parameters.initialize(seed, 0.02);
    return await parameters.read("value");
  };
  const one = await drawn(new ReferenceDevice(), 1);
  assert.deepEqual(await drawn(new NarrowDevice(), 1), one);
  const two = await drawn(new ReferenceDevice(), 2);
  const seen = new Set<number>();
  for (const { name, initial } of luke) {
    const values = one.get(name) ?? new Float32Array();
    if (initial !== "normal") {
      assert.ok(values.every((value) => value === (initial === "ones" ? 1 : 0)), name);
      continue;
    }
    assert.notDeepEqual(values, two.get(name), name);
    assert.ok(values.every((value) => value !== 0 && Math.abs(value) < 0.02 * 7), name);
    assert.ok(!seen.has(values[0] ?? 0), `${name} repeats the draws of another`);
    seen.add(values[0] ?? 0);
  }
});

Deno.test("Parameters.free() gives everything back", () => {
  const device = new NarrowDevice();
  new Parameters(device, specs, true).free();
  assert.equal(device.allocatedBytes, 0);
});
