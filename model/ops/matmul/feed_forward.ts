import { capacityOf } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { inputGradient, linearGradients, linearProduct } from "./linear.ts";

/** Weight [out, in] and bias [1, out] of a linear layer. */
export interface LinearParameters {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/**
 * Records y = gelu(x W₁ᵀ + b₁) W₂ᵀ + b₂ for `x` [rows, hidden] f32, the exact GELU: it is part of the first product, and its
 * derivative part of the product that makes its gradient.
 */
export function feedForward(
  plan: PlanBuilder,
  x: Tensor,
  intermediate: LinearParameters,
  output: LinearParameters,
): Tensor {
  const inner = capacityOf(intermediate.weight.rows);
  const before = plan.activation(`linear(${intermediate.weight.name})`, x.rows, inner);
  const activated = plan.activation(`gelu(${before.name})`, x.rows, inner);
  const first = linearProduct(plan, x, intermediate.weight, intermediate.bias, before, {
    kind: "gelu",
    d: activated,
  });
  const y = plan.activation(`linear(${output.weight.name})`, x.rows, capacityOf(output.weight.rows));
  const second = linearProduct(plan, activated, output.weight, output.bias, y);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    const roundedDy = linearGradients(plan, second, dy);
    const dBefore = plan.activation(`gradient of ${before.name}`, x.rows, inner);
    inputGradient(plan, roundedDy, second, dBefore, { epilogue: { kind: "gelu_backward", d: before } });
    const rounded = linearGradients(plan, first, dBefore);
    if (!plan.needsGradient(x)) return;
    const { tensor, accumulate } = plan.gradientTarget(x);
    inputGradient(plan, rounded, first, tensor, { accumulate });
  });
  return y;
}
