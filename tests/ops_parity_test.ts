/** Every single operation against numbers made by PyTorch (tests/peers/ops.py): forward and backward, on every device. */
import assert from "node:assert/strict";
import {
  CpuDevice,
  type Device,
  openDevice,
  readSafetensors,
  ReferenceDevice,
  type SafetensorsTensor,
  type Size,
  type View,
} from "@lukeforge/model";
import { adamwKernel, clipGradients, OPTIMIZER_STATE } from "../model/ops/adamw/adamw.ts";
import { accumulateKernel, fillZero } from "../model/ops/accumulate/accumulate.ts";
import { attention } from "../model/ops/attention/attention.ts";
import { crossEntropyLoss } from "../model/ops/cross_entropy/testdata_cross_entropy_loss.ts";
import { dropout } from "../model/ops/dropout/dropout.ts";
import { embedding, lookupInputs, writeLookup } from "../model/ops/embedding/embedding.ts";
import { makeLookup } from "../model/ops/embedding/lookup.ts";
import { gelu } from "../model/ops/gelu/gelu.ts";
import { layerNorm } from "../model/ops/layer_norm/layer_norm.ts";
import { linearCrossEntropy } from "../model/ops/linear_cross_entropy/linear_cross_entropy.ts";
import { residualLayerNorm } from "../model/ops/layer_norm/residual_layer_norm.ts";
import { feedForward } from "../model/ops/matmul/feed_forward.ts";
import { linear } from "../model/ops/matmul/linear.ts";
import { BLOCK_LENGTH, sumSquaresPartials } from "../model/ops/sum/sum.ts";
import { scaleSize } from "../model/kernel.ts";
import { type Plan, PlanBuilder, type Tensor } from "../model/plan.ts";
import { isSoftwareAdapter, webgpuAvailable } from "../model/webgpu/request.ts";

interface IndexedCase {
  readonly constants: Readonly<Record<string, number>>;
  readonly results: Readonly<Record<string, { readonly float32_error: number }>>;
}

const fixture = readSafetensors(new URL("./fixtures/ops.safetensors", import.meta.url).pathname);
const index: { ops: Record<string, Record<string, IndexedCase>> } = JSON.parse(
  Deno.readTextFileSync(new URL("./fixtures/ops.json", import.meta.url)),
);

/** Results by their names in the fixture. */
type Results = Record<string, Float32Array>;

/** Every case has at most this many rows; row counts are live, so that a GPU compiles one pipeline for a column count. */
const CAPACITY = 64;

function isFloats(data: unknown): data is Float32Array {
  return data instanceof Float32Array;
}

/** One case of the fixture on one device, and the plan that its op is recorded in. */
class OpRun {
  readonly plan = new PlanBuilder(true, fillZero);
  readonly scalars: Record<string, number> = { accumulate: 0 };
  /** Called when the plan has memory. */
  readonly writes: ((plan: Plan) => void)[] = [];
  readonly #device: Device;
  readonly #prefix: string;
  readonly #constants: Readonly<Record<string, number>>;
  readonly #gradients = new Map<string, View>();
  readonly #views: View[] = [];

  constructor(device: Device, op: string, name: string, { constants }: IndexedCase) {
    this.#device = device;
    this.#prefix = `${op}/${name}/`;
    this.#constants = constants;
  }

  get(name: string): SafetensorsTensor {
    const tensor = fixture.get(this.#prefix + name);
    assert.ok(tensor, `${this.#prefix}${name} is not in the fixture`);
    return tensor;
  }

  floats(name: string): Float32Array {
    const { data } = this.get(name);
    assert.ok(isFloats(data));
    return data;
  }

  integers(name: string): Int32Array {
    const { data } = this.get(name);
    assert.ok(data instanceof Int32Array);
    return data;
  }

  constant(name: string): number {
    const value = this.#constants[name];
    assert.ok(value !== undefined, `${this.#prefix} has no constant ${name}`);
    return value;
  }

  /** Names of the inputs x0, x1, … that there are. */
  numbered(): string[] {
    const names: string[] = [];
    while (fixture.has(`${this.#prefix}x${names.length}`)) names.push(`x${names.length}`);
    return names;
  }

  /** Device memory that begins with `data`. */
  memory(label: string, data: Float32Array, capacity: number = data.length): View {
    const allocation = this.#device.allocate(label, "f32", Math.ceil(capacity / 64) * 64);
    this.#device.write(allocation, 0, data);
    const view = { allocation, offset: 0, length: data.length };
    this.#views.push(view);
    return view;
  }

  /** A matrix of the fixture of which a gradient is wanted; with `rows` its row count is that live size. */
  parameter(name: string, rows?: Size): Tensor {
    const { shape } = this.get(name);
    const data = this.floats(name);
    const columns = shape.at(-1) ?? 1;
    const capacity = rows === undefined ? data.length : CAPACITY * columns;
    const tensor = (label: string, values: Float32Array): Tensor & { view: View } => ({
      name: label,
      dtype: "f32",
      rows: rows ?? data.length / columns,
      columns,
      role: "parameter",
      view: this.memory(label, values, capacity),
    });
    // Garbage that the backward pass has to replace.
    const gradient = tensor(`gradient of ${name}`, new Float32Array(data.length).fill(7));
    this.#gradients.set(`grad_${name}`, gradient.view);
    return this.plan.parameter({ tensor: tensor(name, data), gradient });
  }

  /** The live size of `name`'s rows (all but its last dimension). */
  rowsOf(name: string): Size {
    const { shape, data } = this.get(name);
    this.scalars["rows"] = data.length / (shape.at(-1) ?? 1);
    return { scalar: "rows", times: 1, capacity: CAPACITY };
  }

  /** Gives the fixture's `grad_out` to `output`, runs forward and backward, and reads the output and all gradients. */
  async differentiate(output: Tensor): Promise<Results> {
    const { plan } = this;
    plan.keep(output);
    const upstream = plan.input("grad_out", output.rows, output.columns, "f32");
    plan.onBackward(() => {
      const { tensor, accumulate } = plan.gradientTarget(output);
      const count = scaleSize(output.rows, output.columns);
      plan.dispatch(accumulateKernel, [upstream, tensor], { count, accumulate });
    });
    plan.backward();
    this.writes.push((compiled) => compiled.write(upstream, this.floats("grad_out")));
    return await this.run(async (compiled) => {
      const out = await this.read({ ...compiled.view(output), length: this.get("out").data.length });
      return { out, ...await this.gradients() };
    });
  }

  /** The gradients of all parameters, after a run. */
  async gradients(): Promise<Results> {
    const results: Results = {};
    for (const [name, view] of this.#gradients) results[name] = await this.read(view);
    return results;
  }

  /** Compiles and runs the plan, and reads before its memory is given back. */
  async run(read: (plan: Plan) => Promise<Results>): Promise<Results> {
    using compiled = await this.plan.compile(this.#device);
    for (const write of this.writes) write(compiled);
    await compiled.run(this.scalars);
    return await read(compiled);
  }

  async read(view: View): Promise<Float32Array> {
    const data = await this.#device.read(view);
    assert.ok(isFloats(data));
    return data;
  }

  free(): void {
    for (const { allocation } of this.#views) this.#device.free(allocation);
  }
}

function embed(run: OpRun, kind: "sum" | "mean"): Promise<Results> {
  const { plan } = run;
  const width = run.get("ids").shape[1] ?? 1;
  const inputs = lookupInputs(plan, "ids", run.rowsOf("ids"), width);
  const made = makeLookup(run.integers("ids"), width);
  const lookup = kind === "mean" ? made : { ...made, weights: made.weights.map(() => 1) };
  run.scalars[inputs.runsScalar] = lookup.runIds.length;
  run.writes.push((compiled) => void writeLookup(compiled, inputs, lookup));
  return run.differentiate(embedding(plan, inputs, run.parameter("table")));
}

/** A matrix that kernels read and write in memory of its own. */
function given(run: OpRun, name: string, data: Float32Array): Tensor & { view: View } {
  const view = run.memory(name, data);
  return { name, dtype: "f32", rows: 1, columns: data.length, role: "parameter", view };
}

function runAttention(run: OpRun, maskName: string): Promise<Results> {
  const [items = 0, length = 0] = run.get("query").shape;
  const rows = { scalar: "items", times: length, capacity: CAPACITY };
  const live = { scalar: "items", times: 1, capacity: Math.floor(CAPACITY / length) };
  run.scalars["items"] = items;
  const mask = run.plan.input(maskName, live, length, "i32");
  run.writes.push((plan) => plan.write(mask, run.integers(maskName)));
  const [query, key, value] = [
    run.parameter("query", rows),
    run.parameter("key", rows),
    run.parameter("value", rows),
  ];
  return run.differentiate(
    attention(run.plan, query, key, value, mask, {
      items: live,
      length,
      heads: run.constant("heads"),
      dropout: 0,
    }),
  );
}

const ops: Record<string, (run: OpRun) => Promise<Results>> = {
  gelu: (run) => run.differentiate(gelu(run.plan, run.parameter("x", run.rowsOf("x")))),
  layer_norm(run) {
    const x = run.parameter("x", run.rowsOf("x"));
    return run.differentiate(
      layerNorm(run.plan, x, run.parameter("weight"), run.parameter("bias"), run.constant("eps")),
    );
  },
  layer_norm_residual(run) {
    const rows = run.rowsOf("x");
    run.scalars["dropout_key"] = run.constant("key");
    const [x, residual] = [run.parameter("x", rows), run.parameter("residual", rows)];
    return run.differentiate(
      residualLayerNorm(run.plan, x, residual, run.parameter("weight"), run.parameter("bias"), {
        eps: run.constant("eps"),
        dropout: run.constant("dropout"),
      }),
    );
  },
  dropout(run) {
    run.scalars["dropout_key"] = run.constant("key");
    const x = run.parameter("x", run.rowsOf("x"));
    return run.differentiate(dropout(run.plan, x, run.constant("dropout")));
  },
  linear(run) {
    const x = run.parameter("x", run.rowsOf("x"));
    return run.differentiate(linear(run.plan, x, run.parameter("weight"), run.parameter("bias")));
  },
  feed_forward(run) {
    const x = run.parameter("x", run.rowsOf("x"));
    const layer = (name: string) => ({ weight: run.parameter(name), bias: run.parameter(`${name}_bias`) });
    return run.differentiate(feedForward(run.plan, x, layer("intermediate"), layer("output")));
  },
  attention: (run) => runAttention(run, "key_mask"),
  grouped_attention: (run) => runAttention(run, "groups"),
  cross_entropy(run) {
    const { plan } = run;
    const logits = plan.output("logits", run.rowsOf("logits"), run.get("logits").shape[1] ?? 1);
    const labels = plan.input("labels", logits.rows, 1, "i32");
    const counted = run.integers("labels").filter((label) => label >= 0).length;
    const rows = run.integers("labels").length;
    const metrics = given(run, "metrics", new Float32Array(8));
    // PyTorch's mean leaves ignored rows out, the engine's divides by all rows (its batches hold no ignored ones).
    crossEntropyLoss(plan, logits, labels, metrics, 0, rows / counted);
    plan.backward();
    run.writes.push(
      (compiled) => compiled.write(logits, run.floats("logits")),
      (compiled) => compiled.write(labels, run.integers("labels")),
    );
    return run.run(async (compiled) => {
      const [lossSum = NaN] = await run.read(metrics.view);
      const length = run.get("logits").data.length;
      return {
        out: Float32Array.of(lossSum / counted),
        grad_logits: await run.read({ ...compiled.view(logits), length }),
      };
    });
  },
  linear_cross_entropy(run) {
    const { plan } = run;
    const states = run.parameter("states", run.rowsOf("states"));
    const decoder = { table: run.parameter("table"), bias: run.parameter("bias") };
    const labels = plan.input("labels", states.rows, 1, "i32");
    const counted = run.integers("labels").filter((label) => label >= 0).length;
    const scale = run.integers("labels").length / counted;
    const metrics = given(run, "metrics", new Float32Array(8));
    // Chunks of 64 classes.
    const limits = { logitBytes: 4 * CAPACITY * 64, bindingBytes: 2 ** 27 };
    linearCrossEntropy(plan, states, decoder, labels, { metrics, slot: 0, scale, limits });
    plan.backward();
    run.writes.push((compiled) => compiled.write(labels, run.integers("labels")));
    return run.run(async () => {
      const [lossSum = NaN] = await run.read(metrics.view);
      return { out: Float32Array.of(lossSum / counted), ...await run.gradients() };
    });
  },
  embedding_sum: (run) => embed(run, "sum"),
  embedding_mean: (run) => embed(run, "mean"),
  adamw(run) {
    const tensors = ["param", "grad", "exp_avg", "exp_avg_sq"].map((name) =>
      given(run, name, run.floats(name))
    );
    const state = new Float32Array(OPTIMIZER_STATE.length);
    state[OPTIMIZER_STATE.learningRate] = run.constant("lr");
    state[OPTIMIZER_STATE.biasCorrection1] = 1;
    state[OPTIMIZER_STATE.biasCorrection2] = 1;
    state[OPTIMIZER_STATE.clip] = 1;
    run.plan.dispatch(adamwKernel, [...tensors, given(run, "state", state)], {
      count: run.floats("param").length,
      beta1: run.constant("beta1"),
      beta2: run.constant("beta2"),
      rest1: 1 - run.constant("beta1"),
      rest2: 1 - run.constant("beta2"),
      eps: run.constant("eps"),
      weight_decay: run.constant("weight_decay"),
    });
    return run.run(async () => {
      const results: Results = {};
      for (const { name, view } of tensors) {
        if (name !== "grad") results[`out_${name}`] = await run.read(view);
      }
      return results;
    });
  },
  global_norm(run) {
    const { plan } = run;
    const tensors = run.numbered().map((name) => given(run, name, run.floats(name)));
    const partials = plan.activation("partials", 1, tensors.length);
    tensors.forEach((tensor, offset) => {
      plan.dispatch(sumSquaresPartials, [tensor, partials], {
        count: tensor.columns,
        blocks: 1,
        block_length: BLOCK_LENGTH,
        offset,
      });
    });
    const initial = new Float32Array(OPTIMIZER_STATE.length);
    initial[OPTIMIZER_STATE.biasCorrection1] = 1;
    initial[OPTIMIZER_STATE.biasCorrection2] = 1;
    const state = given(run, "state", initial);
    plan.dispatch(clipGradients, [partials, state], {
      blocks: tensors.length,
      max_norm: run.constant("max_norm"),
      growth_interval: 0,
    });
    // AdamW is what multiplies with the clip factor: without decay of the first moment, the moment is the clipped gradient.
    const moments = tensors.map((gradient) => {
      const zeros = (name: string): Tensor & { view: View } =>
        given(run, name, new Float32Array(gradient.columns));
      const [p, m, v] = [zeros("param"), zeros("exp_avg"), zeros("exp_avg_sq")];
      plan.dispatch(adamwKernel, [p, gradient, m, v, state], {
        count: gradient.columns,
        beta1: 0,
        beta2: 0.999,
        rest1: 1,
        rest2: 1 - 0.999,
        eps: 1e-6,
        weight_decay: 0,
      });
      return [`out_${gradient.name}`, m.view] as const;
    });
    return run.run(async () => {
      const after = await run.read(state.view);
      const results: Results = {
        out: after.slice(OPTIMIZER_STATE.gradNorm, OPTIMIZER_STATE.gradNorm + 1),
        scale: after.slice(OPTIMIZER_STATE.clip, OPTIMIZER_STATE.clip + 1),
      };
      for (const [name, view] of moments) results[name] = await run.read(view);
      return results;
    });
  },
};

/**
 * How far a result may be: `relative` of its own size, plus `times` what PyTorch's float32 loses on the worst element (sums that
 * cancel, extreme inputs), plus `least` where the exact result is 0.
 */
interface Bounds {
  readonly relative: number;
  readonly times: number;
  readonly least: number;
}

interface TestedDevice {
  readonly kind: string;
  readonly available: boolean;
  readonly bounds: Bounds;
  open(): Promise<Device>;
}

const devices: readonly TestedDevice[] = [
  {
    kind: "the reference in f64",
    available: true,
    // Results are rounded to f32 once, and so are the weights 1 / n of means.
    bounds: { relative: 2e-7, times: 0, least: 1e-8 },
    open: () => Promise.resolve(new ReferenceDevice("f64")),
  },
  {
    kind: "cpu",
    available: true,
    // Fused multiply-adds, polynomials for exp and erf, and AdamW's 1 − β₂ taken in f32.
    bounds: { relative: 2e-5, times: 10, least: 1e-6 },
    open: () => CpuDevice.create({ threads: 2 }),
  },
  {
    kind: "webgpu",
    available: await webgpuAvailable(),
    // WGSL allows exp an error that grows with its argument, and division 2.5 ulp.
    bounds: { relative: 1e-3, times: 10, least: 1e-6 },
    open: () => openDevice("webgpu"),
  },
];

/** Every matrix shape is a pipeline of its own, which a software driver takes most of a second for: these are left to real GPUs. */
const dearCases = new Set([
  "linear/1x1x1",
  "linear/1x17x5",
  "linear/7x12x17",
  "linear/33x12x64",
  "feed_forward/1x5x12",
  "linear_cross_entropy/1x1x1",
  "linear_cross_entropy/3x5x64",
  "linear_cross_entropy/7x12x65",
  "attention/1x3x2x5",
  "attention/3x7x1x17",
  "attention/2x5x1x64",
  "grouped_attention/1x60x2x4",
]);

function assertClose(
  name: string,
  actual: Float32Array,
  expected: Float32Array,
  error: number,
  bounds: Bounds,
): void {
  assert.equal(actual.length, expected.length, name);
  expected.forEach((value, i) => {
    const difference = Math.abs((actual[i] ?? NaN) - value);
    const allowed = bounds.relative * Math.abs(value) + bounds.times * error + bounds.least;
    assert.ok(difference <= allowed, `${name}[${i}]: ${actual[i]} for ${value}, allowed ${allowed}`);
  });
}

for (const { kind, available, bounds, open } of devices) {
  Deno.test({
    name: `every op on ${kind} agrees with PyTorch, forward and backward`,
    ignore: !available,
    async fn(t) {
      const device = await open();
      const before = device.allocatedBytes;
      const software = isSoftwareAdapter({ description: device.description, isFallbackAdapter: false });
      for (const [op, cases] of Object.entries(index.ops)) {
        await t.step(op, async () => {
          for (const [name, indexed] of Object.entries(cases)) {
            if (software && dearCases.has(`${op}/${name}`)) continue;
            const run = new OpRun(device, op, name, indexed);
            const record = ops[op];
            assert.ok(record, `${op} is not tested`);
            const results = await record(run);
            assert.deepEqual(Object.keys(results).sort(), Object.keys(indexed.results).sort());
            for (const [result, { float32_error: error }] of Object.entries(indexed.results)) {
              const actual = results[result] ?? new Float32Array();
              assertClose(`${op}/${name}/${result}`, actual, run.floats(result), error, bounds);
            }
            run.free();
          }
        });
      }
      assert.equal(device.allocatedBytes, before);
      device.destroy();
    },
  });
}
