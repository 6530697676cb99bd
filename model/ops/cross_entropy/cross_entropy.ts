import { defineKernel } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import metricsWgsl from "./accumulate_metrics.wgsl" with { type: "text" };
import crossEntropyWgsl from "./cross_entropy.wgsl" with { type: "text" };

/**
 * For each row of `logits`, −log softmax at the label and whether the label is the first greatest logit; a label under 0
 * counts nothing. With `gradient`, the logits are replaced by their gradient (softmax − one-hot) · scale / rows: the
 * probabilities are never stored.
 */
export const crossEntropyKernel = defineKernel({
  name: "cross_entropy",
  bindings: [
    { name: "logits", dtype: "f32", access: "read_write" },
    { name: "labels", dtype: "i32", access: "read" },
    { name: "loss", dtype: "f32", access: "read_write" },
    { name: "correct", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "gradient", "scale"],
  floats: ["scale"],
  live: ["rows"],
  wgsl: reduceWgsl + crossEntropyWgsl,
  workgroups: (size) => size("rows"),
  tiles: (size) => size("rows"),
  reference({ logits, labels, loss, correct }, { rows, columns, gradient, scale }) {
    for (let row = 0; row < rows; row++) {
      const values = logits.subarray(row * columns, (row + 1) * columns);
      const label = labels[row];
      loss[row] = 0;
      correct[row] = 0;
      if (label < 0) {
        if (gradient) values.fill(0);
        continue;
      }
      let best = 0;
      for (let c = 1; c < columns; c++) if (values[c] > values[best]) best = c;
      const top = values[best];
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += Math.exp(values[c] - top);
      loss[row] = Math.log(sum) + top - values[label];
      correct[row] = best === label ? 1 : 0;
      if (!gradient) continue;
      for (let c = 0; c < columns; c++) {
        values[c] = (Math.exp(values[c] - top) / sum - (c === label ? 1 : 0)) * scale / rows;
      }
    }
  },
});

/** metrics[slot …] += [Σ loss, Σ correct, rows, mean loss] of one micro-step. */
export const accumulateMetricsKernel = defineKernel({
  name: "accumulate_metrics",
  bindings: [
    { name: "loss", dtype: "f32", access: "read" },
    { name: "correct", dtype: "f32", access: "read" },
    { name: "metrics", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "slot"],
  live: ["rows"],
  wgsl: reduceWgsl + metricsWgsl,
  workgroups: () => 1,
  tiles: () => 1,
  reference({ loss, correct, metrics }, { rows, slot }) {
    let lossSum = 0;
    for (let row = 0; row < rows; row++) {
      lossSum += loss[row];
      metrics[slot + 1] += correct[row];
    }
    metrics[slot] += lossSum;
    metrics[slot + 2] += rows;
    metrics[slot + 3] += lossSum / Math.max(rows, 1);
  },
});

/** Numbers that one head adds to the metrics. */
export const METRICS_OF_HEAD = 4;

/**
 * Records the mean cross-entropy of `logits` [rows, classes] f32 against `labels` [rows, 1] i32 as a loss of the plan:
 * metrics go to `metrics` from `slot` on and, when training, the logits become their own gradient times `scale`.
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
  const loss = plan.activation(`loss of ${logits.name}`, rows, 1);
  const correct = plan.activation(`correct of ${logits.name}`, rows, 1);
  plan.dispatch(crossEntropyKernel, [logits, labels, loss, correct], {
    rows,
    columns,
    gradient: plan.training ? 1 : 0,
    scale,
  });
  plan.dispatch(accumulateMetricsKernel, [loss, correct, metrics], { rows, slot });
  if (plan.training) plan.gradientInPlace(logits);
}
