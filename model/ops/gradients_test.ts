/** The backward of every op as recorded in plans, against finite differences of the reference in f64. */
import assert from "node:assert/strict";
import type { View } from "../device.ts";
import type { Size } from "../kernel.ts";
import { type Parameter, PlanBuilder, type Tensor } from "../plan.ts";
import { ReferenceDevice } from "../reference_device.ts";
import { fillZero } from "./accumulate/accumulate.ts";
import { attention } from "./attention/attention.ts";
import { crossEntropyLoss } from "./cross_entropy/testdata_cross_entropy_loss.ts";
import { dropout } from "./dropout/dropout.ts";
import { embedding, lookupInputs, writeLookup } from "./embedding/embedding.ts";
import { makeLookup } from "./embedding/lookup.ts";
import { gelu } from "./gelu/gelu.ts";
import { layerNorm } from "./layer_norm/layer_norm.ts";
import { residualLayerNorm } from "./layer_norm/residual_layer_norm.ts";
import { feedForward } from "./matmul/feed_forward.ts";
import { linear } from "./matmul/linear.ts";
import { concatenateRows, gatherRows, separateRows } from "./rows/rows.ts";
import { add } from "./testdata_add.ts";
import { testRandom } from "./testdata_generators.ts";

/** What a case may use to record its op. */
interface Recorder {
  readonly plan: PlanBuilder;
  /** A matrix to differentiate by. */
  parameter(name: string, rows: number, columns: number): Tensor;
  /** An i32 input with its contents. */
  integers(name: string, rows: Size, columns: number, values: readonly number[]): Tensor;
  /** Lookups with their contents. */
  lookup(
    name: string,
    rows: number,
    width: number,
    ids: readonly number[],
    paddingId?: number,
  ): ReturnType<typeof lookupInputs>;
}

/** A matrix in memory of its own. */
interface GivenTensor extends Tensor {
  readonly view: View & { readonly allocation: ReturnType<ReferenceDevice["allocate"]> };
}

/** Records `record`'s output as logits of a cross-entropy and compares its gradients with central differences. */
async function checkGradients(record: (recorder: Recorder) => Tensor): Promise<void> {
  const device = new ReferenceDevice("f64");
  const random = testRandom(11);
  const plan = new PlanBuilder(true, fillZero);
  const parameters: (Parameter & { tensor: GivenTensor; gradient: GivenTensor })[] = [];
  const writes: ((target: Awaited<ReturnType<PlanBuilder["compile"]>>) => void)[] = [];
  const scalars: Record<string, number> = { accumulate: 0, dropout_key: 5, items: 2 };
  const given = (name: string, rows: number, columns: number): GivenTensor => {
    const length = rows * columns;
    const allocation = device.allocate(name, "f32", length);
    return { name, dtype: "f32", rows, columns, role: "parameter", view: { allocation, offset: 0, length } };
  };
  const logits = record({
    plan,
    parameter(name, rows, columns) {
      const parameter = {
        tensor: given(name, rows, columns),
        gradient: given(`gradient of ${name}`, rows, columns),
      };
      device.write(
        parameter.tensor.view.allocation,
        0,
        Float64Array.from({ length: rows * columns }, random),
      );
      parameters.push(parameter);
      return plan.parameter(parameter);
    },
    integers(name, rows, columns, values) {
      const tensor = plan.input(name, rows, columns, "i32");
      writes.push((target) => target.write(tensor, Int32Array.from(values)));
      return tensor;
    },
    lookup(name, rows, width, ids, paddingId) {
      const inputs = lookupInputs(plan, name, rows, width);
      const lookup = makeLookup(Int32Array.from(ids), width, paddingId);
      scalars[inputs.runsScalar] = lookup.runIds.length;
      writes.push((target) => void writeLookup(target, inputs, lookup));
      return inputs;
    },
  });
  const rows = typeof logits.rows === "number" ? logits.rows : 2 * logits.rows.times;
  const labels = plan.input("labels", rows, 1, "i32");
  const metrics = given("metrics", 1, 8);
  crossEntropyLoss(plan, logits, labels, metrics, 0, 1);
  plan.backward();
  using compiled = await plan.compile(device);
  for (const write of writes) write(compiled);
  compiled.write(labels, Int32Array.from({ length: rows }, (_, i) => i % logits.columns));

  const loss = async (): Promise<number> => {
    device.write(metrics.view.allocation, 0, new Float64Array(8));
    await compiled.run(scalars);
    return device.readExact(metrics.view)[3] ?? NaN;
  };
  await loss();
  const analytic = parameters.map(({ gradient }) => device.readExact(gradient.view));
  const h = 1e-5;
  for (const [p, { tensor }] of parameters.entries()) {
    const values = device.readExact(tensor.view);
    const { allocation } = tensor.view;
    for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 25))) {
      const [up, down] = [values.slice(), values.slice()];
      up[i] = (values[i] ?? 0) + h;
      down[i] = (values[i] ?? 0) - h;
      device.write(allocation, 0, up);
      const above = await loss();
      device.write(allocation, 0, down);
      const below = await loss();
      device.write(allocation, 0, values);
      const numeric = (above - below) / (2 * h);
      const exact = analytic[p]?.[i] ?? NaN;
      assert.ok(
        Math.abs(numeric - exact) < 1e-8 + 1e-6 * Math.abs(numeric),
        `${tensor.name}[${i}]: ${exact}, numerically ${numeric}`,
      );
    }
  }
}

const cases: Record<string, (recorder: Recorder) => Tensor> = {
  "gelu()": ({ plan, parameter }) => gelu(plan, parameter("x", 3, 5)),
  "gelu() of a tensor that is used twice": ({ plan, parameter }) => {
    const x = parameter("x", 3, 5);
    return add(plan, gelu(plan, x), x);
  },
  "dropout()": ({ plan, parameter }) => dropout(plan, parameter("x", 7, 9), 0.4),
  "layerNorm()": ({ plan, parameter }) =>
    layerNorm(plan, parameter("x", 70, 6), parameter("gain", 1, 6), parameter("bias", 1, 6), 1e-5),
  "residualLayerNorm() with dropout, its residual used twice": ({ plan, parameter }) => {
    const residual = gelu(plan, parameter("residual", 9, 6));
    const [gain, bias] = [parameter("gain", 1, 6), parameter("bias", 1, 6)];
    const y = residualLayerNorm(plan, parameter("x", 9, 6), residual, gain, bias, {
      eps: 1e-5,
      dropout: 0.4,
    });
    return residualLayerNorm(plan, residual, y, gain, bias, { eps: 1e-5, dropout: 0.2 });
  },
  "linear()": ({ plan, parameter }) =>
    linear(plan, parameter("x", 5, 7), parameter("weight", 3, 7), parameter("bias", 1, 3)),
  "linear() with k split for its weight": ({ plan, parameter }) =>
    linear(plan, parameter("x", 600, 3), parameter("weight", 4, 3), parameter("bias", 1, 4)),
  "linear() with k split for a live number of rows": ({ plan, parameter, integers }) => {
    const rows = { scalar: "items", times: 3, capacity: 9 };
    const x = gatherRows(
      plan,
      gelu(plan, parameter("x", 6, 4)),
      integers("index", rows, 1, [5, 0, 3, 2, 4, 1]),
    );
    return linear(plan, x, parameter("weight", 600, 4), parameter("bias", 1, 600));
  },
  "linear() with a tied weight used twice": ({ plan, parameter }) => {
    const weight = parameter("weight", 4, 4);
    return linear(plan, linear(plan, parameter("x", 3, 4), weight), weight);
  },
  "feedForward()": ({ plan, parameter }) =>
    feedForward(
      plan,
      parameter("x", 5, 4),
      { weight: parameter("intermediate", 7, 4), bias: parameter("intermediate bias", 1, 7) },
      { weight: parameter("output", 3, 7), bias: parameter("output bias", 1, 3) },
    ),
  "attention() with masks, a fully masked item among them": ({ plan, parameter, integers }) => {
    const [items, length, hidden] = [3, 5, 6];
    const mask = integers("mask", items, length, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1]);
    const make = (name: string): Tensor => parameter(name, items * length, hidden);
    const shape = { items, length, heads: 2, dropout: 0.2 };
    return gelu(plan, attention(plan, make("query"), make("key"), make("value"), mask, shape));
  },
  "attention() with several groups in a sequence": ({ plan, parameter, integers }) => {
    const [items, length, hidden] = [3, 6, 6];
    const mask = integers("mask", items, length, [1, 2, 2, 3, 0, 2, 2, 1, 2, 1, 3, 3, 4, 4, 0, 0, 5, 0]);
    const make = (name: string): Tensor => parameter(name, items * length, hidden);
    const shape = { items, length, heads: 2, dropout: 0.2 };
    return gelu(plan, attention(plan, make("query"), make("key"), make("value"), mask, shape));
  },
  "attention() with entity-aware queries, none of which meets the second item's entities": (
    { plan, parameter, integers },
  ) => {
    const [items, length, words, hidden] = [2, 9, 6, 4];
    const mask = integers("mask", items, length, [1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    const context = attention(
      plan,
      parameter("query", items * 2 * length, hidden),
      parameter("key", items * length, hidden),
      parameter("value", items * length, hidden),
      mask,
      { items, length, heads: 2, dropout: 0.2, entityAwareWords: words },
    );
    return gelu(plan, context);
  },
  "embedding() of means, repeated and missing ids": ({ plan, parameter, lookup }) =>
    embedding(plan, lookup("ids", 4, 3, [1, 2, 1, -1, -1, -1, 3, -1, -1, 1, 3, 0]), parameter("table", 5, 4)),
  "embedding() summed over two tables, one tied to the output": ({ plan, parameter, lookup }) => {
    const table = parameter("table", 6, 4);
    const x = embedding(plan, lookup("words", 4, 1, [1, 2, 1, 5]), table);
    return linear(
      plan,
      embedding(plan, lookup("positions", 4, 1, [0, 1, 2, 3]), parameter("positions", 4, 4), x),
      table,
    );
  },
  "separateRows() of a tensor that is used whole, too": ({ plan, parameter }) => {
    const x = parameter("x", 10, 4);
    const [a, b] = separateRows(plan, 2, x, [3, 2]);
    assert.ok(a && b);
    const joined = concatenateRows(plan, 2, [{ tensor: gelu(plan, b), rows: 2 }, { tensor: a, rows: 3 }]);
    return add(plan, joined, x);
  },
  "gatherRows() and concatenateRows()": ({ plan, parameter, integers }) => {
    const x = concatenateRows(plan, 2, [
      { tensor: parameter("a", 6, 4), rows: 3 },
      { tensor: parameter("b", 4, 4), rows: 2 },
    ]);
    return gatherRows(plan, gelu(plan, x), integers("index", 5, 1, [9, 0, 3, 7, 4]));
  },
};

for (const [name, record] of Object.entries(cases)) {
  Deno.test(`${name} has the gradient of finite differences`, () => checkGradients(record));
}

Deno.test("makeLookup() gives no gradient to the padding id", () => {
  const lookup = makeLookup(Int32Array.of(1, 0, 2, 1), 1, 1);
  assert.deepEqual([...lookup.runIds], [0, 2]);
  assert.deepEqual([...lookup.runStarts], [0, 1, 2]);
  assert.deepEqual([...lookup.weights], [1, 1, 1, 1]);
});
