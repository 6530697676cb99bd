import { scaleSize, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { dropout } from "../dropout/dropout.ts";
import { maskedSoftmax } from "../softmax/softmax.ts";
import { matmul, type MatrixLayout } from "./matmul.ts";

/** The shape of multi-head self-attention. */
export interface AttentionShape {
  /** Sequences in the batch. */
  readonly items: Size;
  /** Positions of a sequence. */
  readonly length: number;
  readonly heads: number;
  readonly dropout: number;
}

/**
 * Records softmax(Q Kᵀ / √d + mask) V for each head. `query`, `key`, `value` are [items · length, hidden] f32 with the heads
 * side by side, `mask` is [items, length] i32 (1 = seen); the result is laid out like the query.
 */
export function attention(
  plan: PlanBuilder,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor,
  shape: AttentionShape,
): Tensor {
  const { items, length, heads } = shape;
  const hidden = query.columns;
  const size = hidden / heads;
  const scoreRows = scaleSize(items, heads * length);
  const perHead = (tensor: Tensor): MatrixLayout => ({
    tensor,
    row: hidden,
    column: 1,
    outer: length * hidden,
    inner: size,
  });
  const scoreLayout = (tensor: Tensor): MatrixLayout => ({
    tensor,
    row: length,
    column: 1,
    outer: heads * length * length,
    inner: length * length,
  });
  const transposed = (layout: MatrixLayout): MatrixLayout => ({
    ...layout,
    row: layout.column,
    column: layout.row,
  });
  const batch = { outer: items, inner: heads };

  const scores = plan.activation(`scores of ${query.name}`, scoreRows, length);
  matmul(plan, perHead(query), transposed(perHead(key)), scoreLayout(scores), {
    m: length,
    n: length,
    k: size,
    ...batch,
  });
  plan.onBackward(() => {
    const gradient = plan.gradientOf(scores);
    if (!gradient) return;
    const dq = plan.gradientTarget(query);
    matmul(plan, scoreLayout(gradient), perHead(key), perHead(dq.tensor), {
      m: length,
      n: size,
      k: length,
      accumulate: dq.accumulate,
      ...batch,
    });
    const dk = plan.gradientTarget(key);
    matmul(plan, transposed(scoreLayout(gradient)), perHead(query), perHead(dk.tensor), {
      m: length,
      n: size,
      k: length,
      accumulate: dk.accumulate,
      ...batch,
    });
  });

  const softmax = maskedSoftmax(plan, scores, mask, heads * length, 1 / Math.sqrt(size));
  const probabilities = dropout(plan, softmax, shape.dropout);

  const context = plan.activation(`context of ${query.name}`, query.rows, hidden);
  matmul(plan, scoreLayout(probabilities), perHead(value), perHead(context), {
    m: length,
    n: size,
    k: length,
    ...batch,
  });
  plan.onBackward(() => {
    const gradient = plan.gradientOf(context);
    if (!gradient) return;
    const dp = plan.gradientTarget(probabilities);
    matmul(plan, perHead(gradient), transposed(perHead(value)), scoreLayout(dp.tensor), {
      m: length,
      n: length,
      k: size,
      accumulate: dp.accumulate,
      ...batch,
    });
    const dv = plan.gradientTarget(value);
    matmul(plan, transposed(scoreLayout(probabilities)), perHead(gradient), perHead(dv.tensor), {
      m: length,
      n: size,
      k: length,
      accumulate: dv.accumulate,
      ...batch,
    });
  });
  return context;
}
