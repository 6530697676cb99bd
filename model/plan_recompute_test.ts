import assert from "node:assert/strict";
import { defineKernel } from "./kernel.ts";
import { accumulateKernel, fillZero } from "./ops/accumulate/accumulate.ts";
import { dropout } from "./ops/dropout/dropout.ts";
import { gelu, geluForward } from "./ops/gelu/gelu.ts";
import { add, addKernel } from "./ops/testdata_add.ts";
import { allocationTensor, PlanBuilder, type Tensor } from "./plan.ts";
import { ReferenceDevice } from "./reference_device.ts";

/** Writes both of its tensors. */
const twoResults = defineKernel({
  ...addKernel,
  name: "two_results",
  bindings: [
    { name: "a", dtype: "f32", access: "read_write" },
    { name: "b", dtype: "f32", access: "read_write" },
  ],
  reference: () => {},
});

Deno.test("PlanBuilder.segment() keeps no activation of a layer for the reverse pass, and computes the same", async () => {
  const outcome = async (recompute: boolean) => {
    const device = new ReferenceDevice("f64");
    const plan = new PlanBuilder(true, fillZero, recompute);
    const input = plan.input("input", 8, 32, "f32");
    const allocation = device.allocate("start", "f32", 256);
    device.write(allocation, 0, Float32Array.from({ length: 256 }, (_, i) => Math.cos(i)));
    const start = { ...allocationTensor(allocation), rows: 8, columns: 32, role: "activation" as const };
    let x: Tensor = add(plan, start, input);
    for (let layer = 0; layer < 6; layer++) {
      x = plan.segment(() => {
        const before = x;
        let y = x;
        for (let i = 0; i < 5; i++) y = dropout(plan, gelu(plan, y), 0.1);
        return add(plan, before, y);
      });
    }
    const result = x;
    plan.keep(result);
    const { tensor: seed } = plan.gradientTarget(result);
    plan.dispatch(accumulateKernel, [result, seed], { count: 256, accumulate: 0 });
    plan.backward();
    const gradient = plan.gradientOf(start);
    assert.ok(gradient);
    plan.keep(gradient);
    using compiled = await plan.compile(device);
    compiled.write(input, Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)));
    await compiled.run({ dropout_key: 7 });
    const values = [result, gradient].map((tensor) => device.readExact(compiled.view(tensor)));
    return { values, bytes: device.allocatedBytes };
  };
  const [kept, recomputed] = [await outcome(false), await outcome(true)];
  assert.deepEqual(recomputed.values, kept.values);
  assert.ok(kept.values[1]?.some((value) => value !== 0));
  assert.ok(recomputed.bytes < kept.bytes / 2, `${recomputed.bytes} of ${kept.bytes} bytes`);
});

Deno.test("PlanBuilder.segment() records again only what the reverse pass needs", async () => {
  const lengthOf = async (recompute: boolean): Promise<number> => {
    const plan = new PlanBuilder(true, fillZero, recompute);
    const x = plan.activation("x", 4, 16);
    const y = plan.segment(() => {
      const inner = gelu(plan, x); // needed by the second GELU's gradient
      gelu(plan, x); // used by nobody
      return gelu(plan, inner); // the segment's result: there already
    });
    plan.keep(plan.gradientTarget(y).tensor);
    plan.backward();
    using compiled = await plan.compile(new ReferenceDevice("f32"));
    return compiled.length;
  };
  assert.equal(await lengthOf(true) - await lengthOf(false), 1);
});

Deno.test("PlanBuilder.segment() refuses to recompute from what was overwritten, what it changes itself, and segments within", () => {
  const overwritten = new PlanBuilder(true, fillZero, true);
  const x = overwritten.activation("x", 4, 16);
  const y = overwritten.segment(() => gelu(overwritten, gelu(overwritten, x)));
  overwritten.gradientTarget(y);
  overwritten.dispatch(geluForward, [y, x], { count: 64 });
  assert.throws(
    () => overwritten.backward(),
    { name: "RangeError", message: "gelu_forward cannot be recomputed: x is overwritten after it" },
  );

  const changing = new PlanBuilder(true, fillZero, true);
  const given = changing.activation("given", 4, 16);
  fillZero(changing, given, 0);
  const z = changing.segment(() => {
    const inner = changing.activation("inner", 4, 16);
    changing.dispatch(twoResults, [given, inner], { count: 64 });
    return gelu(changing, inner);
  });
  changing.gradientTarget(z);
  assert.throws(
    () => changing.backward(),
    { message: "two_results cannot be recomputed: it changes given, which is not the segment's own" },
  );

  const nested = new PlanBuilder(true, fillZero, true);
  assert.throws(
    () => nested.segment(() => nested.segment(() => gelu(nested, x))),
    { name: "RangeError", message: "segments cannot contain one another" },
  );
});
