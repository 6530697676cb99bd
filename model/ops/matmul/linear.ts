import { capacityOf, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { type Operand, roundedOperand, sharedOperand } from "../half/half.ts";
import { columnSumGradient } from "../sum/sum.ts";
import type { Epilogue } from "./epilogue.ts";
import { matmul } from "./matmul.ts";

/** What {@linkcode linearGradients} needs of a linear layer. */
export interface LinearLayer {
  /** [rows, in] in the plan's precision */
  readonly input: Operand;
  /** [out, in] in the plan's precision */
  readonly rounded: Operand;
  /** [out, in], whose gradient is wanted unless frozen */
  readonly weight: Tensor;
  /** [1, out] */
  readonly bias?: Tensor;
}

/**
 * Records y = x Wᵀ + b for `x` [rows, in], `weight` [out, in] as PyTorch keeps it, `bias` [1, out]; f32, the product of operands in
 * the plan's precision. `output` names a tensor to write instead of a new activation.
 */
export function linear(plan: PlanBuilder, x: Tensor, weight: Tensor, bias?: Tensor, output?: Tensor): Tensor {
  const y = output ?? plan.activation(`linear(${weight.name})`, x.rows, capacityOf(weight.rows));
  const layer = linearProduct(plan, x, weight, bias, y);
  plan.onBackward(() => {
    const dy = plan.gradientOf(y);
    if (!dy) return;
    const rounded = linearGradients(plan, layer, dy);
    if (!plan.needsGradient(x)) return;
    const { tensor, accumulate } = plan.gradientTarget(x);
    inputGradient(plan, rounded, layer, tensor, { accumulate });
  });
  return y;
}

/** Records the product of a layer into `y` [rows, out]. */
export function linearProduct(
  plan: PlanBuilder,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  y: Tensor,
  epilogue?: { readonly kind: Exclude<Epilogue, "none">; readonly d: Tensor },
): LinearLayer {
  const width = x.columns;
  const outputs = capacityOf(weight.rows);
  const input = sharedOperand(plan, x);
  const rounded = sharedOperand(plan, weight);
  matmul(
    plan,
    { ...input, row: width, column: 1 },
    { ...rounded, row: 1, column: width },
    { tensor: y, row: outputs, column: 1 },
    { m: x.rows, n: outputs, k: width, ...(bias && { bias }), ...(epilogue && { epilogue }) },
  );
  return { input, rounded, weight, ...(bias && { bias }) };
}

/** Records the gradients of weight and bias from `dy` [rows, out], and returns `dy` in the plan's precision. */
export function linearGradients(plan: PlanBuilder, layer: LinearLayer, dy: Tensor): Operand {
  const { input, weight, bias } = layer;
  const width = weight.columns;
  const outputs = dy.columns;
  const rounded = roundedOperand(plan, dy);
  if (plan.needsGradient(weight)) {
    const { tensor, accumulate } = plan.gradientTarget(weight);
    matmul(
      plan,
      { ...rounded, row: 1, column: outputs },
      { ...input, row: width, column: 1 },
      { tensor, row: width, column: 1 },
      { m: outputs, n: width, k: dy.rows, accumulate },
    );
  }
  if (bias) columnSumGradient(plan, dy, bias);
  return rounded;
}

/** Records the gradient of a layer's input, `dy` W, into `dx` [rows, in]. */
export function inputGradient(
  plan: PlanBuilder,
  dy: Operand,
  { rounded, weight }: LinearLayer,
  dx: Tensor,
  how: {
    readonly accumulate?: Size;
    readonly epilogue?: { readonly kind: Exclude<Epilogue, "none">; readonly d: Tensor };
  },
): void {
  const width = weight.columns;
  const outputs = capacityOf(weight.rows);
  matmul(
    plan,
    { ...dy, row: outputs, column: 1 },
    { ...rounded, row: width, column: 1 },
    { tensor: dx, row: width, column: 1 },
    { m: dx.rows, n: width, k: outputs, ...how },
  );
}
