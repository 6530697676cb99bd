import { defineKernel, scaleSize } from "../kernel.ts";
import type { PlanBuilder, Tensor } from "../plan.ts";
import { accumulateKernel } from "./accumulate/accumulate.ts";
import { elementwise, elementwiseSplit } from "./elementwise.ts";

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
  wgsl: `@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_group(group, groups) * 256u + lane;
  if (i < count()) { y[i] = a[i] + b[i]; }
}
`,
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
