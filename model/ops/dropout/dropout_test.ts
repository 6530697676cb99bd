import assert from "node:assert/strict";
import { CpuDevice } from "../../cpu/cpu_device.ts";
import type { Device, View } from "../../device.ts";
import { openDevice } from "../../open_device.ts";
import { PlanBuilder } from "../../plan.ts";
import { ReferenceDevice } from "../../reference_device.ts";
import { webgpuAvailable } from "../../webgpu/request.ts";
import { fillZero } from "../accumulate/accumulate.ts";
import { dropout, dropoutKernel, dropoutKey } from "./dropout.ts";

const COUNT = 2 ** 16;

/** Which of `count` elements are kept, 1 or 0, by the oracle. */
function mask(key: number, site: number, probability: number, count = COUNT): Float32Array {
  const y = new Float32Array(count);
  const threshold = Math.round(probability * 2 ** 32);
  const sizes = { count, site, key, threshold, scale: 1, first: 0 };
  dropoutKernel.reference({ x: new Float32Array(count).fill(1), y }, sizes);
  return y;
}

function sum(values: Float32Array): number {
  return values.reduce((a, b) => a + b, 0);
}

function keys(): number[] {
  return [
    dropoutKey(0, 0, 0),
    dropoutKey(1, 0, 0),
    dropoutKey(42, 7, 3),
    dropoutKey(0xffffffff, 10 ** 6, 15),
  ];
}

Deno.test("dropout() keeps 1 − p of the elements, evenly over the tensor", () => {
  for (const key of keys()) {
    for (const [site, probability] of [[0, 0.1], [1, 0.5], [30, 0.1], [31, 0.9]] as const) {
      const kept = mask(key, site, probability);
      const expected = COUNT * (1 - probability);
      const deviation = Math.sqrt(COUNT * probability * (1 - probability));
      assert.ok(Math.abs(sum(kept) - expected) < 5 * deviation, `rate ${sum(kept) / COUNT}`);

      // χ² over 256 runs of neighbours, and over the 256 residues that a power-of-two stride would see.
      for (const binOf of [(i: number) => i >> 8, (i: number) => i & 255]) {
        const bins = new Float64Array(256);
        kept.forEach((value, i) => bins[binOf(i)] = (bins[binOf(i)] ?? 0) + value);
        const variance = 256 * probability * (1 - probability);
        const chiSquare = bins.reduce(
          (total, count) => total + (count - 256 * (1 - probability)) ** 2 / variance,
          0,
        );
        // 256 degrees of freedom: deviation √512.
        assert.ok(Math.abs(chiSquare - 256) < 5 * Math.sqrt(512), `χ² ${chiSquare}`);
      }
    }
  }
});

Deno.test("dropout() draws neighbours, sites, steps, micro-steps and seeds independently", () => {
  const probability = 0.5;
  const base = mask(dropoutKey(1, 2, 3), 4, probability);
  const others = [
    mask(dropoutKey(1, 2, 3), 5, probability),
    mask(dropoutKey(1, 2, 4), 4, probability),
    mask(dropoutKey(1, 3, 3), 4, probability),
    mask(dropoutKey(2, 2, 3), 4, probability),
    mask(dropoutKey(1, 3, 2), 4, probability),
    ...[1, 2, 16, 64, 768].map((shift) => base.map((_, i) => base[(i + shift) % COUNT] ?? 0)),
  ];
  for (const [i, other] of others.entries()) {
    const equal = base.filter((value, j) => value === other[j]).length;
    assert.ok(Math.abs(equal - COUNT / 2) < 5 * Math.sqrt(COUNT / 4), `case ${i}: ${equal / COUNT} equal`);
  }
});

Deno.test("dropoutKey() has no collisions over the micro-steps of a run", () => {
  const seen = new Set<number>();
  for (let step = 0; step < 5000; step++) {
    for (let microStep = 0; microStep < 4; microStep++) seen.add(dropoutKey(42, step, microStep));
  }
  // 20,000 of 2³² values: 0.05 collisions expected.
  assert.ok(seen.size >= 19_998, `${seen.size} of 20000 are distinct`);
});

Deno.test("dropout() records nothing at probability 0 and in plans that do not train", () => {
  for (const [training, probability] of [[true, 0], [false, 0.5]] as const) {
    const plan = new PlanBuilder(training, fillZero);
    const x = plan.input("x", 2, 3, "f32");
    assert.equal(dropout(plan, x, probability), x);
  }
});

Deno.test("dropout() draws other bits at every place of a plan", async () => {
  const plan = new PlanBuilder(true, fillZero);
  const x = plan.input("x", 1, COUNT, "f32");
  const outputs = [dropout(plan, x, 0.5), dropout(plan, x, 0.5)];
  for (const y of outputs) plan.keep(y);
  using compiled = await plan.compile(new ReferenceDevice("f32"));
  compiled.write(x, new Float32Array(COUNT).fill(1));
  await compiled.run({ dropout_key: 9 });
  const [one, two] = await Promise.all(outputs.map((y) => compiled.read(y)));
  const equal = one?.filter((value, i) => value === two?.[i]).length ?? 0;
  assert.ok(Math.abs(equal - COUNT / 2) < 5 * Math.sqrt(COUNT / 4), `${equal / COUNT} equal`);
});

/** What a device makes of ones. */
async function onDevice(device: Device, key: number): Promise<Float32Array> {
  const length = 5 * 333;
  const x: View = { allocation: device.allocate("x", "f32", 1728), offset: 0, length };
  const y: View = { allocation: device.allocate("y", "f32", 1728), offset: 0, length };
  device.write(x.allocation, 0, new Float32Array(length).fill(1));
  const program = await device.compile([{
    kernel: dropoutKernel,
    views: [x, y],
    sizes: {
      count: { scalar: "rows", times: 333, capacity: length },
      site: 1,
      key: { scalar: "dropout_key", times: 1, capacity: 2 ** 32 - 1 },
      threshold: Math.round(0.1 * 2 ** 32),
      scale: 1 / 0.9,
      first: 0,
    },
  }]);
  await device.run(program, { rows: 5, dropout_key: key });
  const result = await device.read(y);
  device.release(program);
  assert.ok(result instanceof Float32Array);
  return result;
}

const devices: readonly [string, boolean, () => Promise<Device>][] = [
  ["cpu", true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, available, open] of devices) {
  Deno.test({
    name: `dropout() draws the reference's mask on ${kind}`,
    ignore: !available,
    async fn() {
      const device = await open();
      const oracle = new ReferenceDevice("f32");
      for (const key of [...keys(), 0, 1, 2 ** 31, 2 ** 32 - 1]) {
        assert.deepEqual(await onDevice(device, key), await onDevice(oracle, key));
      }
      device.destroy();
    },
  });
}
