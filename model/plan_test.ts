import assert from "node:assert/strict";
import type { Device } from "./device.ts";
import type { Size } from "./kernel.ts";
import { CpuDevice } from "./cpu/cpu_device.ts";
import { openDevice } from "./open_device.ts";
import { fillZero } from "./ops/accumulate/accumulate.ts";
import { crossEntropyLoss } from "./ops/cross_entropy/testdata_cross_entropy_loss.ts";
import { dropoutKernel } from "./ops/dropout/dropout.ts";
import { gelu, geluForward } from "./ops/gelu/gelu.ts";
import { linear } from "./ops/matmul/linear.ts";
import { gatherRowsKernel } from "./ops/rows/rows.ts";
import { addKernel } from "./ops/testdata_add.ts";
import { testRandom } from "./ops/testdata_generators.ts";
import { type Parameter, PlanBuilder, type Tensor } from "./plan.ts";
import { ReferenceDevice } from "./reference_device.ts";
import { webgpuAvailable } from "./webgpu/request.ts";

/** Sums of random earlier tensors of random sizes, and what each dispatch touches. */
function randomSums(seed: number): { plan: PlanBuilder; input: Tensor; steps: Tensor[][]; last: Tensor } {
  const random = testRandom(seed);
  const plan = new PlanBuilder(false, fillZero);
  const input = plan.input("input", 1, 1000, "f32");
  const steps: Tensor[][] = [];
  const made: Tensor[] = [input];
  for (let i = 0; i < 40; i++) {
    // Mostly young operands: a network's lifetimes; the old ones are its residuals and saved activations.
    const pick = (): Tensor => made[Math.max(0, made.length - 1 - Math.floor((random() + 1) ** 4))] ?? input;
    const [a, b] = [pick(), pick()];
    const columns = Math.max(1, Math.floor(Math.min(a.columns, b.columns) * (random() > 0.5 ? 1 : 0.9)));
    const y = plan.activation(`y${i}`, 1, columns);
    plan.dispatch(addKernel, [a, b, y], { count: columns });
    steps.push([a, b, y]);
    made.push(y);
  }
  return { plan, input, steps, last: made.at(-1) ?? input };
}

Deno.test("PlanBuilder.compile() never gives two tensors the same memory while both live", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const { plan, input, steps, last } = randomSums(seed);
    plan.keep(last);
    using compiled = await plan.compile(new ReferenceDevice("f32"));
    const life = new Map<Tensor, { first: number; last: number }>();
    steps.forEach((tensors, i) => {
      for (const tensor of tensors) life.set(tensor, { first: life.get(tensor)?.first ?? i, last: i });
    });
    const tensors = [...life];
    for (const [i, [a, lifeA]] of tensors.entries()) {
      for (const [b, lifeB] of tensors.slice(i + 1)) {
        const apart = lifeA.last < lifeB.first || lifeB.last < lifeA.first;
        const exclusive = [a, b].some((tensor) => tensor === input || tensor === last);
        if (apart && !exclusive) continue;
        const [viewA, viewB] = [compiled.view(a), compiled.view(b)];
        const disjoint = viewA.allocation !== viewB.allocation ||
          viewA.offset + viewA.length <= viewB.offset || viewB.offset + viewB.length <= viewA.offset;
        assert.ok(disjoint, `seed ${seed}: ${a.name} and ${b.name}`);
      }
    }
  }
});

Deno.test("PlanBuilder.compile() with shared memory computes what separate memory does, run after run", async () => {
  const run = async (seed: number, separate: boolean): Promise<{ values: unknown[]; bytes: number }> => {
    const device = new ReferenceDevice("f64");
    const { plan, input, steps, last } = randomSums(seed);
    for (const tensor of separate ? steps.flat() : [last]) plan.keep(tensor);
    using compiled = await plan.compile(device);
    const values: unknown[] = [];
    for (const factor of [1, 3]) {
      compiled.write(input, Float32Array.from({ length: 1000 }, (_, i) => factor * i));
      await compiled.run({});
      values.push(await compiled.read(last));
    }
    return { values, bytes: device.allocatedBytes };
  };
  for (let seed = 0; seed < 10; seed++) {
    const [shared, separate] = [await run(seed, false), await run(seed, true)];
    assert.deepEqual(shared.values, separate.values);
    assert.ok(shared.bytes < separate.bytes / 2, `${shared.bytes} of ${separate.bytes} bytes`);
  }
});

Deno.test("PlanBuilder.compile() needs two buffers for a chain, and frees them", async () => {
  const device = new ReferenceDevice("f32");
  const plan = new PlanBuilder(false, fillZero);
  let x = plan.input("x", 1, 256, "f32");
  for (let i = 0; i < 50; i++) x = gelu(plan, x);
  {
    using compiled = await plan.compile(device);
    assert.equal(compiled.length, 50);
    assert.equal(device.allocatedBytes, 3 * 1024); // the input's own and two that take turns
  }
  assert.equal(device.allocatedBytes, 0);
});

Deno.test("PlanBuilder.compile() shares no memory of inputs, outputs, kept tensors and other dtypes", async () => {
  const device = new ReferenceDevice("f32");
  const plan = new PlanBuilder(false, fillZero);
  const input = plan.input("input", 4, 64, "f32");
  const index = plan.activation("index", 4, 64, "i32");
  const kept = gelu(plan, input);
  plan.keep(kept);
  const rows = plan.activation("rows", 4, 64);
  plan.dispatch(gatherRowsKernel, [gelu(plan, kept), index, rows], {
    rows: 4,
    columns: 64,
    x_rows: 4,
    first_x_row: 0,
    keep: 0,
  });
  const output = plan.output("output", 4, 64);
  plan.dispatch(geluForward, [rows, output], { count: 256 });
  const later = gelu(plan, gelu(plan, gelu(plan, output)));
  using compiled = await plan.compile(device);
  const own = [input, index, kept, output].map((tensor) => compiled.view(tensor).allocation);
  assert.equal(new Set(own).size, own.length);
  assert.ok(!own.includes(compiled.view(later).allocation));
  assert.ok(!own.includes(compiled.view(rows).allocation));
});

Deno.test("PlanBuilder.dispatch() refuses tensors and sizes that do not match the kernel", () => {
  const plan = new PlanBuilder(false, fillZero);
  const [a, b, y] = [1, 2, 3].map((i) => plan.activation(`t${i}`, 4, 4)) as [Tensor, Tensor, Tensor];
  const wrong = plan.activation("wrong", 4, 4, "i32");
  assert.throws(
    () => plan.dispatch(addKernel, [a, y], { count: 16 }),
    { name: "RangeError", message: "add has 3 bindings, got 2 tensors" },
  );
  assert.throws(
    () => plan.dispatch(addKernel, [a, wrong, y], { count: 16 }),
    { name: "RangeError", message: "add: b is f32, wrong is i32" },
  );
  assert.throws(
    () => plan.dispatch(addKernel, [a, b, y], {}),
    { name: "RangeError", message: "add: size count is not given" },
  );
  const live: Size = { scalar: "rows", times: 1, capacity: 4 };
  assert.throws(
    () =>
      plan.dispatch(dropoutKernel, [a, y], {
        count: 16,
        site: 0,
        key: 0,
        threshold: live,
        scale: 1,
        first: 0,
      }),
    { name: "RangeError", message: "dropout: size threshold cannot be live" },
  );
});

Deno.test("Plan.write() and Plan.view() refuse what the plan does not hold", async () => {
  const plan = new PlanBuilder(false, fillZero);
  const x = plan.input("x", 2, 3, "f32");
  gelu(plan, x);
  using compiled = await plan.compile(new ReferenceDevice("f32"));
  compiled.write(x, new Float32Array(6));
  assert.throws(
    () => compiled.write(x, new Float32Array(7)),
    { name: "RangeError", message: "x holds 6 elements, got 7" },
  );
  const stranger = plan.activation("stranger", 2, 3);
  assert.throws(() => compiled.view(stranger), { message: "tensor stranger is not part of the plan" });
});

Deno.test("Plan.run() refuses live sizes beyond the capacity and missing scalars", async () => {
  for (const device of [new ReferenceDevice("f32"), await CpuDevice.create({ threads: 2 })]) {
    const plan = new PlanBuilder(false, fillZero);
    const x = plan.input("x", { scalar: "rows", times: 1, capacity: 4 }, 8, "f32");
    const y = gelu(plan, gelu(plan, x));
    plan.keep(y);
    const compiled = await plan.compile(device);
    compiled.write(x, new Float32Array(32).fill(1));
    await assert.rejects(async () => await compiled.run({ rows: 5 }), {
      name: "RangeError",
      message: "gelu_forward: count is 40, beyond the plan's capacity 32",
    });
    await assert.rejects(async () => await compiled.run({}), {
      message: "gelu_forward: scalar rows is not given",
    });
    await compiled.run({ rows: 3 });
    const values = await compiled.read(y);
    assert.deepEqual([...values].map((value) => value > 0), Array.from({ length: 32 }, (_, i) => i < 24));
    compiled[Symbol.dispose]();
    device.destroy();
  }
});

const devices: readonly [string, boolean, () => Promise<Device>][] = [
  ["the reference", true, () => Promise.resolve(new ReferenceDevice("f64"))],
  ["cpu", true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, available, open] of devices) {
  Deno.test({
    name: `a head with no row has loss 0 and gradient 0 on ${kind}`,
    ignore: !available,
    async fn() {
      const device = await open();
      const plan = new PlanBuilder(true, fillZero);
      const given = (
        name: string,
        rows: number,
        columns: number,
      ): Tensor & { view: NonNullable<Tensor["view"]> } => {
        const length = rows * columns;
        const allocation = device.allocate(name, "f32", Math.max(length, 64));
        // Of an earlier step: micro-step 0 has to replace it.
        device.write(allocation, 0, new Float32Array(length).fill(5));
        return {
          name,
          dtype: "f32",
          rows,
          columns,
          role: "parameter",
          view: { allocation, offset: 0, length },
        };
      };
      const parameter = (name: string, rows: number, columns: number): Required<Parameter> => ({
        tensor: given(name, rows, columns),
        gradient: given(`gradient of ${name}`, rows, columns),
      });
      const [weight, bias] = [parameter("weight", 3, 4), parameter("bias", 1, 3)];
      const metrics = given("metrics", 1, 8);
      device.write(metrics.view.allocation, 0, new Float32Array(8));
      const x = plan.input("x", { scalar: "rows", times: 1, capacity: 6 }, 4, "f32");
      const labels = plan.input("labels", x.rows, 1, "i32");
      const logits = linear(plan, x, plan.parameter(weight), plan.parameter(bias));
      crossEntropyLoss(plan, logits, labels, metrics, 0, 1);
      plan.backward();
      const compiled = await plan.compile(device);
      compiled.write(x, new Float32Array(24).fill(1));
      const read = async ({ view }: Tensor): Promise<number[]> => {
        assert.ok(view);
        return [...await device.read(view)];
      };

      await compiled.run({ rows: 0, accumulate: 0 });
      assert.deepEqual((await read(metrics)).map(Math.abs), new Array(8).fill(0));
      assert.ok((await read(weight.gradient)).every((value) => value === 0));
      assert.ok((await read(bias.gradient)).every((value) => value === 0));

      await compiled.run({ rows: 6, accumulate: 0 });
      const gradient = await read(weight.gradient);
      assert.ok(gradient.some((value) => value !== 0));
      await compiled.run({ rows: 0, accumulate: 1 });
      assert.deepEqual(await read(weight.gradient), gradient, "an empty micro-step adds nothing");
      compiled[Symbol.dispose]();
      device.destroy();
    },
  });
}
