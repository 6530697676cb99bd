import { scaleSize, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { dropoutSizes } from "../dropout/dropout.ts";
import { attentionBackward, attentionDelta, attentionForward, STATS } from "./attention_kernel.ts";
import { MAX_HEAD_SIZE } from "./head_size.ts";

/** The shape of multi-head self-attention. */
export interface AttentionShape {
  /** Sequences in the batch. */
  readonly items: Size;
  /** Positions of a sequence. */
  readonly length: number;
  readonly heads: number;
  /** Probability with which a probability is dropped in training. */
  readonly dropout: number;
  /**
   * For entity-aware queries, the positions of a sequence that are words; entities follow. `query` then has 2 · `length` rows an
   * item: first the queries that meet words, then those that meet entities.
   */
  readonly entityAwareWords?: number;
}

/** No dropout: every bit pattern is kept. */
const NO_DROPOUT = { site: 0, key: 0, threshold: 0, scale: 1 } as const;

/**
 * Records dropout(softmax(Q Kᵀ / √d)) V for each head, without a matrix of scores. `query`, `key`, `value` are [items · length,
 * hidden] f32 with the heads side by side; the result is laid out like the key. `mask` is [items, length] i32: 0 is padding, and
 * positions of one number attend to each other only, so that a sequence may hold several texts; 2²⁴ numbers are told apart. Throws a
 * RangeError when a head is wider than {@linkcode MAX_HEAD_SIZE}.
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
  const hidden = key.columns;
  const headSize = hidden / heads;
  if (headSize > MAX_HEAD_SIZE) {
    throw new RangeError(`heads of ${headSize} are too wide: at most ${MAX_HEAD_SIZE}; use more heads`);
  }
  const drawn = plan.training && shape.dropout > 0 ? dropoutSizes(plan, shape.dropout) : NO_DROPOUT;
  const sizes = {
    items,
    heads,
    length,
    words: shape.entityAwareWords ?? length,
    head_size: headSize,
    queries: shape.entityAwareWords === undefined ? 1 : 2,
    scale: 1 / Math.sqrt(headSize),
    first_item: 0,
    site: drawn.site,
    key: drawn.key,
    threshold: drawn.threshold,
    dropout_scale: drawn.scale,
  };
  const context = plan.activation(`context of ${query.name}`, key.rows, hidden);
  const stats = plan.activation(`log-sum-exp of ${query.name}`, scaleSize(items, heads * length), STATS);
  plan.dispatch(attentionForward, [query, key, value, mask, context, stats], sizes);
  plan.onBackward(() => {
    const gradient = plan.gradientOf(context);
    if (!gradient) return;
    if (gradient === context) throw new RangeError("the context is needed beside its gradient");
    plan.dispatch(attentionDelta, [context, gradient, stats], { items, heads, length, head_size: headSize });
    const [dq, dk, dv] = [query, key, value].map((tensor) => plan.gradientTarget(tensor));
    if (!dq || !dk || !dv) return;
    plan.dispatch(
      attentionBackward,
      [query, key, value, stats, gradient, dq.tensor, dk.tensor, dv.tensor],
      {
        ...sizes,
        accumulate_q: dq.accumulate,
        accumulate_k: dk.accumulate,
        accumulate_v: dv.accumulate,
      },
    );
  });
  return context;
}
