/**
 * Time and memory of a head in chunks and of all its logits at once, forward and backward, alternated in one run.
 * `deno run -A model/ops/linear_cross_entropy/linear_cross_entropy_bench.ts [cpu|webgpu] [VOCABULARY] [WIDTH] [ROWS] [RUNS] [LOGIT_BYTES]`;
 * with 0 runs only the chunks are run, once.
 */
import { median } from "../../bench/contender.ts";
import type { View } from "../../device.ts";
import { capacityOf, type Size } from "../../kernel.ts";
import { openDevice } from "../../open_device.ts";
import { PlanBuilder } from "../../plan.ts";
import type { Tensor } from "../../tensor.ts";
import { fillZero } from "../accumulate/accumulate.ts";
import { linearCrossEntropy } from "./linear_cross_entropy.ts";
import { DEFAULT_LOGIT_BYTES, vocabularyChunks } from "./vocabulary_chunks.ts";

const [kind = "cpu", ...numbers] = Deno.args;
const [vocabulary = 50265, width = 768, rows = 160, runs = 9, logitBytes = DEFAULT_LOGIT_BYTES] = numbers.map(
  Number,
);
const device = await openDevice(kind === "webgpu" ? "webgpu" : "cpu");

/** Elements written at a time: the host never holds a whole table. */
const PIECE = 2 ** 22;

function given(name: string, height: Size, columns: number, deviation = 0): Tensor & { readonly view: View } {
  const length = capacityOf(height) * columns;
  const allocation = device.allocate(name, "f32", Math.ceil(length / 64) * 64);
  for (let begin = 0; deviation > 0 && begin < length; begin += PIECE) {
    const piece = { length: Math.min(PIECE, length - begin) };
    device.write(
      allocation,
      begin,
      Float32Array.from(piece, (_, i) => deviation * Math.sin((begin + i) * 12.9898)),
    );
  }
  return {
    name,
    dtype: "f32",
    rows: height,
    columns,
    role: "parameter",
    view: { allocation, offset: 0, length },
  };
}

const live: Size = { scalar: "rows", times: 1, capacity: rows };
const parameter = (name: string, height: Size, columns: number) => ({
  tensor: given(name, height, columns, 0.1),
  gradient: given(`gradient of ${name}`, height, columns),
});
const parameters = {
  table: parameter("table", vocabulary, width),
  bias: parameter("bias", 1, vocabulary),
  states: parameter("states", live, width),
};
const metrics = given("metrics", 1, 8);
const limits = { logitBytes, bindingBytes: device.maxBindingBytes };

interface Way {
  readonly bytes: number;
  readonly dispatches: number;
  /** Milliseconds of forward and backward. */
  run(): Promise<number>;
}

async function compile(chunked: boolean): Promise<Way> {
  const before = device.allocatedBytes;
  const plan = new PlanBuilder(true, fillZero);
  const table = plan.parameter(parameters.table);
  const bias = plan.parameter(parameters.bias);
  const states = plan.parameter(parameters.states);
  const labels = plan.input("labels", live, 1, "i32");
  const within = chunked ? limits : { logitBytes: 2 ** 52, bindingBytes: 2 ** 52 };
  linearCrossEntropy(plan, states, { table, bias }, labels, { metrics, slot: 0, scale: 1, limits: within });
  plan.backward();
  const compiled = await plan.compile(device);
  compiled.write(labels, Int32Array.from({ length: rows }, (_, i) => (i * 7919) % vocabulary));
  return {
    bytes: device.allocatedBytes - before,
    dispatches: compiled.length,
    async run() {
      const begin = performance.now();
      await compiled.run({ rows, accumulate: 0 });
      await device.read({ ...metrics.view, length: 1 });
      return performance.now() - begin;
    },
  };
}

async function results(): Promise<Float32Array[]> {
  const gradients = Object.values(parameters).map(({ gradient }) => gradient.view);
  const read: Float32Array[] = [];
  for (const view of [{ ...metrics.view, length: 1 }, ...gradients]) {
    read.push(Float32Array.from(await device.read({ ...view, length: Math.min(view.length, PIECE) })));
  }
  device.write(metrics.view.allocation, 0, new Float32Array(8));
  return read;
}

function difference(a: Float32Array, b: Float32Array): string {
  let [most, scale] = [0, 0];
  a.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - (b[i] ?? NaN)));
    scale = Math.max(scale, Math.abs(value));
  });
  return (most / scale).toExponential(1);
}

const figures = ({ bytes, dispatches }: Way, milliseconds: number): string =>
  `${milliseconds.toFixed(0)} ms, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${dispatches} dispatches`;

const count = vocabularyChunks(vocabulary, width, rows, limits).length;
const held = (device.allocatedBytes / 2 ** 20).toFixed(0);
console.log(`${vocabulary} × ${width}, ${rows} rows on ${device.description}; parameters ${held} MiB`);
const chunked = await compile(true);
const first = await chunked.run();
const inChunks = await results();
if (runs === 0) {
  console.log(`${count} chunks: ${figures(chunked, first)}, loss ${inChunks[0]?.[0]}`);
} else {
  const plain = await compile(false);
  await plain.run();
  const names = ["loss", ...Object.keys(parameters)];
  const differences = (await results()).map((values, i) =>
    `${names[i]} ${difference(values, inChunks[i] ?? new Float32Array())}`
  );
  const times: [number, number][] = [];
  for (let i = 0; i < runs; i++) times.push([await plain.run(), await chunked.run()]);
  console.log(`all at once: ${figures(plain, median(times.map(([time]) => time)))}`);
  console.log(`${count} chunks: ${figures(chunked, median(times.map(([, time]) => time)))}`);
  console.log(`time ratio ${median(times.map(([a, b]) => b / a)).toFixed(2)}; gradients of chunks differ by`);
  console.log(`${differences.join(", ")} of the largest`);
}
device.destroy();
