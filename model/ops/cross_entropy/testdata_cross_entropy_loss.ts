import { scaleSize } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { accumulateKernel } from "../accumulate/accumulate.ts";
import {
  crossEntropyBackward,
  crossEntropyForward,
  crossEntropyMetrics,
  SOFTMAX_STATE,
} from "./cross_entropy.ts";

/**
 * Records the mean cross-entropy of any `logits` [rows, classes] f32 against `labels` [rows, 1] i32 as a loss of the plan, all logits
 * at once: the plain way, which tests hold `linearCrossEntropy` against and end their plans with. Metrics go to `metrics` from
 * `slot` on; the gradient, times `scale`, replaces the logits, too.
 */
export function crossEntropyLoss(
  plan: PlanBuilder,
  logits: Tensor,
  labels: Tensor,
  metrics: Tensor,
  slot: number,
  scale: number,
): void {
  const { rows, columns } = logits;
  const state = plan.activation(`softmax of ${logits.name}`, rows, SOFTMAX_STATE);
  plan.dispatch(crossEntropyForward, [logits, labels, state], { rows, columns, first: 0 });
  plan.dispatch(crossEntropyMetrics, [labels, state, metrics], { rows, slot });
  plan.onBackward(() => {
    const sizes = { rows, columns, first: 0, scale, scaled: 0, batch_rows: rows };
    plan.dispatch(crossEntropyBackward, [labels, state, state, logits], sizes);
    const { tensor: gradient, accumulate } = plan.gradientTarget(logits);
    plan.dispatch(accumulateKernel, [logits, gradient], { count: scaleSize(rows, columns), accumulate });
  });
}
