import assert from "node:assert/strict";
import { CpuDevice } from "../../cpu/cpu_device.ts";
import type { Device, View } from "../../device.ts";
import { openDevice } from "../../open_device.ts";
import { type Parameter, PlanBuilder, type Tensor } from "../../plan.ts";
import { type ReferenceAllocation, ReferenceDevice } from "../../reference_device.ts";
import { webgpuAvailable } from "../../webgpu/request.ts";
import { fillZero } from "../accumulate/accumulate.ts";
import { crossEntropyLoss } from "../cross_entropy/testdata_cross_entropy_loss.ts";
import { embedding, lookupInputs, writeLookup } from "../embedding/embedding.ts";
import { makeLookup } from "../embedding/lookup.ts";
import { linear } from "../matmul/linear.ts";
import { testRandom } from "../testdata_generators.ts";
import { decodeLogits } from "./decode_logits.ts";
import { linearCrossEntropy } from "./linear_cross_entropy.ts";

const VOCABULARY = 203;
const WIDTH = 6;
const CAPACITY = 9;

/** Chunks of 64, 64, 64 and 11 classes. */
const SMALL = { logitBytes: 4 * CAPACITY * 64, bindingBytes: 2 ** 27 };
const LARGE = { logitBytes: 2 ** 26, bindingBytes: 2 ** 27 };

type Given = Tensor & { readonly view: View };

/** A loss whose table is looked up in and decoded with, on a device. */
class TiedLoss {
  readonly #device: Device;
  readonly #run: (rows: number, accumulate: number) => Promise<void>;
  readonly metrics: Given;
  /** The table and the bias. */
  readonly parameters: readonly (Parameter & { tensor: Given; gradient: Given })[];

  private constructor(
    device: Device,
    run: TiedLoss["run"],
    metrics: Given,
    parameters: readonly (Parameter & { tensor: Given; gradient: Given })[],
  ) {
    this.#device = device;
    this.#run = run;
    this.metrics = metrics;
    this.parameters = parameters;
  }

  /** `chunked` undefined is the plain way: all logits, then their cross-entropy. */
  static async create(device: Device, labels: Int32Array, chunked?: typeof SMALL): Promise<TiedLoss> {
    const random = testRandom(3);
    const given = (name: string, rows: number, columns: number, scale: number): Given => {
      const length = rows * columns;
      const allocation = device.allocate(name, "f32", Math.ceil(length / 64) * 64);
      device.write(allocation, 0, Float32Array.from({ length }, () => scale * random()));
      return {
        name,
        dtype: "f32",
        rows,
        columns,
        role: "parameter",
        view: { allocation, offset: 0, length },
      };
    };
    // Gradients hold garbage of an earlier step.
    const parameter = (name: string, rows: number, columns: number) => ({
      tensor: given(name, rows, columns, 2),
      gradient: given(`gradient of ${name}`, rows, columns, 5),
    });
    const parameters = [parameter("table", VOCABULARY, WIDTH), parameter("bias", 1, VOCABULARY)] as const;
    const metrics = given("metrics", 1, 8, 0);
    const plan = new PlanBuilder(true, fillZero);
    const [table, bias] = [plan.parameter(parameters[0]), plan.parameter(parameters[1])];
    const rows = { scalar: "rows", times: 1, capacity: CAPACITY };
    const inputs = lookupInputs(plan, "words", rows, 2);
    const labelInput = plan.input("labels", rows, 1, "i32");
    const states = embedding(plan, inputs, table);
    if (chunked) {
      const options = { metrics, slot: 4, scale: 0.5, limits: chunked };
      linearCrossEntropy(plan, states, { table, bias }, labelInput, options);
    } else {
      crossEntropyLoss(plan, linear(plan, states, table, bias), labelInput, metrics, 4, 0.5);
    }
    plan.backward();
    const compiled = await plan.compile(device);
    const ids = Int32Array.from({ length: 2 * CAPACITY }, (_, i) => (i * 67) % VOCABULARY);
    return new TiedLoss(
      device,
      async (count, accumulate) => {
        const lookup = makeLookup(ids.subarray(0, 2 * count), 2);
        const runs = writeLookup(compiled, inputs, lookup);
        compiled.write(labelInput, labels.subarray(0, count));
        await compiled.run({ rows: count, accumulate, [inputs.runsScalar]: runs });
      },
      metrics,
      parameters,
    );
  }

  run(rows: number, accumulate: number): Promise<void> {
    return this.#run(rows, accumulate);
  }

  /** Overwrites an element of the bias: a logit of every row. */
  setBias(index: number, value: number): void {
    const bias = this.parameters[1]?.tensor.view.allocation;
    if (bias) this.#device.write(bias, index, Float32Array.of(value));
  }

  async results(): Promise<Record<"metrics" | "table" | "bias", Float32Array>> {
    const read = async (tensor: Given | undefined): Promise<Float32Array> => {
      assert.ok(tensor);
      return Float32Array.from(await this.#device.read(tensor.view));
    };
    const [table, bias] = this.parameters;
    return {
      metrics: await read(this.metrics),
      table: await read(table?.gradient),
      bias: await read(bias?.gradient),
    };
  }

  clearMetrics(): void {
    this.#device.write(this.metrics.view.allocation, 0, new Float32Array(8));
  }
}

function assertClose(actual: Float32Array, expected: Float32Array, bound: number, name: string): void {
  assert.equal(actual.length, expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expected.forEach((value, i) => {
    const difference = Math.abs((actual[i] ?? NaN) - value);
    assert.ok(difference <= bound * scale, `${name}[${i}]: ${actual[i]} for ${value}`);
  });
}

Deno.test("linearCrossEntropy() in chunks has the gradient of finite differences", async () => {
  const device = new ReferenceDevice("f64");
  const labels = Int32Array.of(202, 0, 63, -1, 64, 128, 190, 12, 191);
  const loss = await TiedLoss.create(device, labels, SMALL);
  const rows = 7;
  const half = async (): Promise<number> => {
    loss.clearMetrics();
    await loss.run(rows, 0);
    return 0.5 * (device.readExact(loss.metrics.view)[7] ?? NaN); // the scale of the loss is 0.5
  };
  await half();
  const h = 1e-5;
  for (const { tensor, gradient } of loss.parameters) {
    const exact = device.readExact(gradient.view);
    const values = device.readExact(tensor.view);
    for (let i = 0; i < values.length; i += 13) {
      const at = async (step: number): Promise<number> => {
        device.write(
          tensor.view.allocation as ReferenceAllocation,
          i,
          Float64Array.of((values[i] ?? NaN) + step),
        );
        return await half();
      };
      const numeric = (await at(h) - await at(-h)) / (2 * h);
      await at(0);
      const difference = Math.abs(numeric - (exact[i] ?? NaN));
      assert.ok(
        difference < 1e-8 + 1e-6 * Math.abs(numeric),
        `${tensor.name}[${i}]: ${exact[i]}, numerically ${numeric}`,
      );
    }
  }
});

const devices: readonly [string, number, boolean, () => Promise<Device>][] = [
  ["the reference", 1e-7, true, () => Promise.resolve(new ReferenceDevice("f64"))],
  ["cpu", 1e-5, true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", 1e-4, await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, bound, available, open] of devices) {
  Deno.test({
    name: `linearCrossEntropy() in chunks is linear() and crossEntropyLoss() on ${kind}`,
    ignore: !available,
    async fn(t) {
      const device = await open();
      const labels = Int32Array.of(202, 0, 63, -1, 64, 128, 190, 12, 191);
      const oracle = await TiedLoss.create(new ReferenceDevice("f64"), labels);
      const losses: [string, TiedLoss][] = [["four chunks", await TiedLoss.create(device, labels, SMALL)]];
      // The shaders of another chunk length take a software adapter seconds; networks with one chunk are tested elsewhere.
      if (kind !== "webgpu") losses.push(["one chunk", await TiedLoss.create(device, labels, LARGE)]);
      const compare = async (): Promise<void> => {
        const expected = await oracle.results();
        for (const [name, loss] of losses) {
          const actual = await loss.results();
          for (const part of ["metrics", "table", "bias"] as const) {
            assertClose(actual[part], expected[part], bound, `${part} with ${name}`);
          }
        }
      };
      const all = [oracle, ...losses.map(([, loss]) => loss)];

      await t.step("no row: loss 0, gradients 0 in place of what was there", async () => {
        for (const loss of all) await loss.run(0, 0);
        for (const [, loss] of losses) {
          const { metrics, table, bias } = await loss.results();
          for (const values of [metrics, table, bias]) assert.ok(values.every((value) => value === 0));
        }
      });

      await t.step("metrics and gradients of all rows, then of fewer rows added to them", async () => {
        for (const loss of all) await loss.run(CAPACITY, 0);
        await compare();
        for (const loss of all) await loss.run(5, 1);
        await compare();
      });

      await t.step("the first of several greatest logits is the answer, in whichever chunk", async () => {
        // Row 1 wants class 0, row 5 class 128: with both at the same huge logit the earlier one is the answer of every row.
        for (const loss of all) loss.setBias(0, 1e6);
        for (const loss of all) loss.setBias(128, 1e6);
        for (const loss of all) loss.clearMetrics();
        for (const loss of all) await loss.run(CAPACITY, 0);
        for (const loss of all) {
          const { metrics } = await loss.results();
          assert.equal(metrics[5], 1);
          assert.ok(Number.isFinite(metrics[4]));
        }
      });

      await t.step("a logit that is not finite makes loss and gradients NaN", async () => {
        for (const value of [NaN, Infinity]) {
          for (const place of [3, 70, 202]) {
            for (const [name, loss] of losses) {
              loss.setBias(place, value);
              await loss.run(CAPACITY, 0);
              const { metrics, table } = await loss.results();
              assert.ok(Number.isNaN(metrics[4]), `${name}: ${value} at ${place} gives loss ${metrics[4]}`);
              assert.ok(table.some(Number.isNaN), `${name}: ${value} at ${place}`);
              loss.setBias(place, 0);
              loss.clearMetrics();
            }
          }
        }
        for (const [, loss] of losses) {
          await loss.run(CAPACITY, 0);
          const { metrics, table } = await loss.results();
          assert.ok(Number.isFinite(metrics[4]) && table.every(Number.isFinite), "it is over with the logit");
        }
      });
      device.destroy();
    },
  });

  Deno.test({
    name: `decodeLogits() gives all logits a few rows and a chunk of the table at a time on ${kind}`,
    ignore: !available,
    async fn() {
      const device = await open();
      const before = device.allocatedBytes;
      const random = testRandom(5);
      const values = (length: number): Float32Array => Float32Array.from({ length }, random);
      const [tableValues, biasValues, states] = [
        values(VOCABULARY * WIDTH),
        values(VOCABULARY),
        values(5 * WIDTH),
      ];
      const given = (name: string, data: Float32Array, columns: number): Given => {
        const allocation = device.allocate(name, "f32", Math.ceil(data.length / 64) * 64);
        device.write(allocation, 0, data);
        const view = { allocation, offset: 0, length: data.length };
        return { name, dtype: "f32", rows: data.length / columns, columns, role: "parameter", view };
      };
      const decoder = {
        table: given("table", tableValues, WIDTH),
        bias: given("bias", biasValues, VOCABULARY),
      };
      const expected = Float32Array.from({ length: 5 * VOCABULARY }, (_, i) => {
        const [row, word] = [Math.floor(i / VOCABULARY), i % VOCABULARY];
        let sum = biasValues[word] ?? NaN;
        for (let c = 0; c < WIDTH; c++) {
          sum += (states[row * WIDTH + c] ?? NaN) * (tableValues[word * WIDTH + c] ?? NaN);
        }
        return sum;
      });
      const held = device.allocatedBytes;
      // Two rows at a time, chunks of 64.
      const limits = { logitBytes: 4 * VOCABULARY * 2, bindingBytes: 4 * WIDTH * 64 };
      assertClose(await decodeLogits(device, states, decoder, limits), expected, bound, "logits");
      assert.equal((await decodeLogits(device, new Float32Array(), decoder, limits)).length, 0);
      assert.equal(device.allocatedBytes, held);
      for (const { view } of [decoder.table, decoder.bias]) device.free(view.allocation);
      assert.equal(device.allocatedBytes, before);
      device.destroy();
    },
  });
}
