import assert from "node:assert/strict";
import type { Size } from "../../kernel.ts";
import { PlanBuilder } from "../../plan.ts";
import { PlanningDevice } from "../../planning_device.ts";
import { fillZero } from "../accumulate/accumulate.ts";
import { matmul } from "./matmul.ts";

/** The pieces of k and their length in the plan of aᵀ b for `a` [k, m] and `b` [k, n]. */
async function pieces(m: number, n: number, k: Size): Promise<(Size | undefined)[]> {
  const plan = new PlanBuilder(false, fillZero);
  const [a, b] = [plan.input("a", k, m, "f32"), plan.input("b", k, n, "f32")];
  matmul(
    plan,
    { tensor: a, row: 1, column: m },
    { tensor: b, row: n, column: 1 },
    { tensor: plan.output("c", m, n), row: n, column: 1 },
    { m, n, k },
  );
  const device = new PlanningDevice();
  await plan.compile(device);
  const [program] = device.programs;
  const sizes = program?.dispatches[0]?.sizes;
  return [sizes?.splits, sizes?.k_split];
}

Deno.test("matmul() splits k where C alone gives too few tiles, by the shape alone", async () => {
  const rows = { scalar: "rows", times: 1, capacity: 5120 };
  assert.deepEqual(await pieces(768, 768, 640), [1, 640]);
  assert.deepEqual(await pieces(768, 768, rows), [5, 1024]);
  assert.deepEqual(await pieces(768, 768, 20_000), [8, 2560]);
  assert.deepEqual(await pieces(3072, 768, 5120), [2, 2560]);
  assert.deepEqual(await pieces(50_265, 768, 5120), [1, 5120]);
  assert.deepEqual(await pieces(64, 64, 600), [3, 256]);
  assert.deepEqual(await pieces(64, 64, 0), [1, 1]);
});
