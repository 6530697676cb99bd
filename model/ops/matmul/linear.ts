import type { PlanBuilder, Tensor } from "../../plan.ts";
import { capacityOf } from "../../kernel.ts";
import { columnSumGradient } from "../sum/sum.ts";
import { matmul } from "./matmul.ts";

/**
 * Records y = x Wᵀ + b for `x` [rows, in], `weight` [out, in] as PyTorch keeps it, `bias` [1, out]; f32.
 * `output` names a tensor to write instead of a new activation.
 */
export function linear(plan: PlanBuilder, x: Tensor, weight: Tensor, bias?: Tensor, output?: Tensor): Tensor {
  const rows = x.rows;
  const width = x.columns;
  const outputs = capacityOf(weight.rows);
  const y = output ?? plan.activation(`linear(${weight.name})`, rows, outputs);
  matmul(
    plan,
    { tensor: x, row: width, column: 1 },
    { tensor: weight, row: 1, column: width },
    { tensor: y, row: outputs, column: 1 },
    { m: rows, n: outputs, k: width, ...(bias && { bias }) },
  );
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    if (plan.needsGradient(weight)) {
      const { tensor, accumulate } = plan.gradientTarget(weight);
      matmul(
        plan,
        { tensor: dy, row: 1, column: outputs },
        { tensor: x, row: width, column: 1 },
        { tensor, row: width, column: 1 },
        { m: outputs, n: width, k: rows, accumulate },
      );
    }
    if (bias) columnSumGradient(plan, dy, bias);
    if (plan.needsGradient(x)) {
      const { tensor, accumulate } = plan.gradientTarget(x);
      matmul(
        plan,
        { tensor: dy, row: outputs, column: 1 },
        { tensor: weight, row: width, column: 1 },
        { tensor, row: width, column: 1 },
        { m: rows, n: width, k: outputs, accumulate },
      );
    }
  });
  return y;
}
