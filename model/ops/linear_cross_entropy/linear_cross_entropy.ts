import { capacityOf } from "../../kernel.ts";
import type { GradientTarget, PlanBuilder, Tensor } from "../../plan.ts";
import { sliceColumns, sliceRows } from "../../tensor_slice.ts";
import {
  crossEntropyBackward,
  crossEntropyForward,
  crossEntropyMetrics,
  MAX_CLASSES,
  SOFTMAX_STATE,
} from "../cross_entropy/cross_entropy.ts";
import { type Operand, roundedOperand, sharedOperand } from "../half/half.ts";
import { matmul } from "../matmul/matmul.ts";
import { columnSums } from "../sum/sum.ts";
import { type ChunkLimits, type VocabularyChunk, vocabularyChunks } from "./vocabulary_chunks.ts";

/** A decoder: a table [vocabulary, width], which an embedding may share, and its bias [1, vocabulary]; f32. */
export interface Decoder {
  readonly table: Tensor;
  readonly bias: Tensor;
}

/** What goes with {@linkcode linearCrossEntropy}. */
export interface LinearCrossEntropyOptions {
  /** Where the loss adds its metrics, from `slot` on. */
  readonly metrics: Tensor;
  /** The first of the `METRICS_OF_HEAD` places in `metrics`. */
  readonly slot: number;
  /** What the gradients are multiplied with. */
  readonly scale: number;
  /** The optimizer's state, where a loss scale multiplies the gradients too. */
  readonly lossScale?: Tensor;
  /** How much of the logits may exist at a time. */
  readonly limits: ChunkLimits;
}

/**
 * Records the logits states · tableᵀ + bias of a chunk of the vocabulary: [rows, chunk]. Returns the chunk of the table in the
 * plan's precision.
 */
export function chunkLogits(
  plan: PlanBuilder,
  states: Tensor,
  { table, bias }: Decoder,
  { first, count }: VocabularyChunk,
  logits: Tensor,
): Operand {
  const width = states.columns;
  const rounded = roundedOperand(plan, sliceRows(table, first, count));
  matmul(
    plan,
    { ...sharedOperand(plan, states), row: width, column: 1 },
    { ...rounded, row: 1, column: width },
    { tensor: logits, row: count, column: 1 },
    { m: states.rows, n: count, k: width, bias: sliceColumns(bias, first, count) },
  );
  return rounded;
}

/** The logits of a chunk, and what they were made with. */
interface DecodedChunk {
  readonly logits: Tensor;
  readonly rounded: Operand;
}

/**
 * Records the mean cross-entropy of `states` [rows, width] decoded by a table against `labels` [rows, 1] i32 as a loss of the plan,
 * but with the logits of only one chunk of the vocabulary at a time. Forward keeps a
 * running maximum and sum for each row; backward makes each chunk's logits once more, but the last one's, which are still there:
 * a vocabulary of one chunk is decoded once. Throws a RangeError for more than 2²⁴ classes.
 */
export function linearCrossEntropy(
  plan: PlanBuilder,
  states: Tensor,
  decoder: Decoder,
  labels: Tensor,
  { metrics, slot, scale, lossScale, limits }: LinearCrossEntropyOptions,
): void {
  const { table, bias } = decoder;
  const { rows, columns: width } = states;
  const vocabulary = capacityOf(table.rows);
  if (vocabulary > MAX_CLASSES) throw new RangeError(`${table.name} has more than ${MAX_CLASSES} classes`);
  const chunks = vocabularyChunks(vocabulary, width, capacityOf(rows), limits);
  const decode = (chunk: VocabularyChunk): DecodedChunk => {
    const logits = plan.activation(`logits of ${bias.name} from ${chunk.first} on`, rows, chunk.count);
    return { logits, rounded: chunkLogits(plan, states, decoder, chunk, logits) };
  };

  const state = plan.activation(`softmax of ${bias.name}`, rows, SOFTMAX_STATE);
  let last: DecodedChunk | undefined;
  for (const chunk of chunks) {
    last = decode(chunk);
    const { first, count: columns } = chunk;
    plan.dispatch(crossEntropyForward, [last.logits, labels, state], { rows, columns, first });
  }
  plan.dispatch(crossEntropyMetrics, [labels, state, metrics], { rows, slot });

  plan.onBackward(() => {
    const target = (of: Tensor): GradientTarget | undefined =>
      plan.needsGradient(of) ? plan.gradientTarget(of) : undefined;
    const [dTable, dBias, dStates] = [target(table), target(bias), target(states)];
    chunks.toReversed().forEach((chunk, i) => {
      const { first, count } = chunk;
      const { logits, rounded } = i === 0 && last ? last : decode(chunk);
      const sizes = { rows, columns: count, first, scale, scaled: lossScale ? 1 : 0, batch_rows: rows };
      plan.dispatch(crossEntropyBackward, [labels, state, lossScale ?? state, logits], sizes);
      const dLogits = roundedOperand(plan, logits);
      if (dTable) {
        matmul(
          plan,
          { ...dLogits, row: 1, column: count },
          { ...sharedOperand(plan, states), row: width, column: 1 },
          { tensor: sliceRows(dTable.tensor, first, count), row: width, column: 1 },
          { m: count, n: width, k: rows, accumulate: dTable.accumulate },
        );
      }
      if (dBias) {
        columnSums(plan, logits, { ...dBias, tensor: sliceColumns(dBias.tensor, first, count) });
      }
      if (dStates) {
        matmul(
          plan,
          { ...dLogits, row: count, column: 1 },
          { ...rounded, row: width, column: 1 },
          { tensor: dStates.tensor, row: width, column: 1 },
          { m: rows, n: width, k: count, accumulate: i === 0 ? dStates.accumulate : 1 },
        );
      }
    });
  });
}
