import assert from "node:assert/strict";
import { planLuke } from "./luke_footprint.ts";
import { LUKE_SHAPES } from "./luke_shapes.ts";
import { fillZero } from "./ops/accumulate/accumulate.ts";
import { gelu } from "./ops/gelu/gelu.ts";
import { linear } from "./ops/matmul/linear.ts";
import { PlanBuilder } from "./plan.ts";
import { listDispatches, totalsByKernel } from "./plan_listing.ts";
import { PlanningDevice } from "./planning_device.ts";

Deno.test("listDispatches() tells kernels, shapes, places, arithmetic and memory in use", async () => {
  const device = new PlanningDevice();
  const plan = new PlanBuilder(false, fillZero);
  const allocation = device.allocate("parameters 0", "f32", 4096);
  const weight = plan.parameter({
    tensor: {
      name: "weight",
      dtype: "f32",
      rows: 8,
      columns: 16,
      role: "parameter",
      view: { allocation, offset: 64, length: 128 },
    },
  });
  const x = plan.input("x", { scalar: "rows", times: 2, capacity: 32 }, 16, "f32");
  gelu(plan, linear(plan, x, weight));
  await plan.compile(device);
  const [program] = device.programs;
  const [product, activated] = listDispatches(program?.dispatches ?? []);
  assert.match(product?.kernel ?? "", /^matmul/);
  assert.equal(product?.flops, 2 * 32 * 16 * 8);
  assert.equal(product?.sizes.m, 32);
  assert.equal(product?.bytes, 4 * (32 * 16 + 8 * 16 + 32 * 8));
  assert.equal(product?.live, 4 * 32 * 8);
  assert.deepEqual(
    product?.tensors.map((
      { name, shape, buffer, offset, written },
    ) => [name, shape, buffer, offset, written]),
    [
      ["x", [32, 16], 0, 0, false],
      ["weight", [8, 16], "parameters 0", 256, false],
      ["linear(weight)", [32, 8], 1, 0, true],
    ],
  );
  assert.equal(activated?.live, 2 * 4 * 32 * 8);
});

Deno.test("totalsByKernel() sums a LUKE to the arithmetic of its products", async () => {
  const { config, capacity } = LUKE_SHAPES.sample;
  const device = await planLuke({ config, capacity });
  const [program] = device.programs;
  const list = listDispatches(program?.dispatches ?? []);
  const totals = totalsByKernel(list);
  assert.equal(totals.reduce((sum, { dispatches }) => sum + dispatches, 0), list.length);
  const { hiddenSize: h, intermediateSize: f, numHiddenLayers: layers, entityEmbSize: e } = config;
  const positions = capacity.rows * (capacity.words + capacity.entities);
  const encoder = positions * layers * (8 * h * h + 4 * h * f) +
    capacity.rows * capacity.entities * 2 * e * h;
  const flops = totals.reduce((sum, total) => sum + total.flops, 0);
  assert.ok(flops > encoder && flops < 2 * encoder, `${flops} against ${encoder}`);
});
