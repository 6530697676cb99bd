import { defineKernel, scaleSize } from "../kernel.ts";
import type { PlanBuilder, Tensor } from "../plan.ts";
import { accumulateKernel } from "./accumulate/accumulate.ts";
import { elementwise, elementwiseMain, elementwiseSplit } from "./elementwise.ts";

/** y = a + b: the kernel that tests of plans and devices run; the cpu has none of it. */
export const addKernel = defineKernel({
  name: "add",
  bindings: [
    { name: "a", dtype: "f32", access: "read" },
    { name: "b", dtype: "f32", access: "read" },
    { name: "y", dtype: "f32", access: "read_write" },
  ],
  sizes: ["count"],
  live: ["count"],
  wgsl: elementwiseMain("  y[i] = a[i] + b[i];"),
  ...elementwise,
  split: elementwiseSplit("a", "b", "y"),
  reference({ a, b, y }, { count }) {
    for (let i = 0; i < count; i++) y[i] = a[i] + b[i];
  },
});

/** Records a + b, both [rows, columns] f32. */
export function add(plan: PlanBuilder, a: Tensor, b: Tensor): Tensor {
  const y = plan.activation(`${a.name} + ${b.name}`, a.rows, a.columns);
  const count = scaleSize(a.rows, a.columns);
  plan.dispatch(addKernel, [a, b, y], { count });
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    for (const term of [a, b]) {
      if (!plan.needsGradient(term)) continue;
      const { tensor: gradient, accumulate } = plan.gradientTarget(term);
      plan.dispatch(accumulateKernel, [dy, gradient], { count, accumulate });
    }
  });
  return y;
}
