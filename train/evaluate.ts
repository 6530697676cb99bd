import type { LukeBatch } from "@lukeforge/model";
import type { EvaluatedNetwork } from "./trainable_network.ts";
import type { UnigramBaseline } from "./unigram_baseline.ts";

/** Batches are summed in float32 on the device; this many at most before the sums are read and added in float64. */
const BATCHES_BETWEEN_READS = 16;

/** What held-out data are evaluated on. */
export interface HeldOutBatches {
  /** Masked words: `heldOutWordBatches()`, all draws one after the other. */
  readonly words: Iterable<LukeBatch>;
  /** Each mention masked once: `heldOutEntityBatches()`. */
  readonly entities: Iterable<LukeBatch>;
}

/** Baselines that are measured at the same masked places. */
export interface HeldOutBaselines {
  /** Over the words of the training set. */
  readonly words: UnigramBaseline;
  /** Over the mentions of the training set. */
  readonly entities: UnigramBaseline;
}

/** Losses are means in nats; `null` where nothing was masked. */
export interface Evaluation {
  /** Masked words, over all draws. */
  readonly masked_words: number;
  /** Mean cross entropy of masked words over all draws. */
  readonly masked_lm_loss: number | null;
  /** Share of the masked words that got the highest logit. */
  readonly masked_lm_accuracy: number | null;
  /** Masked mentions: each mention of the data once. */
  readonly masked_entities: number;
  /** Mean cross entropy of masked mentions. */
  readonly masked_entity_loss: number | null;
  /** Share of the masked mentions whose entity got the highest logit. */
  readonly masked_entity_accuracy: number | null;
  /** Mean cross entropy of the same words under the add-one-smoothed unigram of the training set. */
  readonly unigram_lm_loss?: number | null;
  /** Mean cross entropy of the same mentions under the add-one-smoothed unigram of the training mentions. */
  readonly unigram_entity_loss?: number | null;
  /** Share of the same mentions whose entity is the most frequent one of the training mentions. */
  readonly most_frequent_entity_accuracy?: number | null;
}

/**
 * Evaluates a network without dropout on held-out data. What the network had in its metrics before is dropped.
 *
 * @param baselines also measured where given.
 * @param progress called with batches done; their number is not known.
 */
export async function evaluateHeldOut(
  network: EvaluatedNetwork,
  batches: HeldOutBatches,
  baselines?: HeldOutBaselines,
  progress?: (done: number, total: number | undefined) => void,
): Promise<Evaluation> {
  await network.readMetrics();
  let done = 0;
  const advance = (): void => progress?.(++done, undefined);
  const words = await evaluate(network, batches.words, "word", baselines?.words, advance);
  const entities = await evaluate(network, batches.entities, "entity", baselines?.entities, advance);
  return {
    masked_words: words.count,
    masked_lm_loss: words.loss,
    masked_lm_accuracy: words.accuracy,
    masked_entities: entities.count,
    masked_entity_loss: entities.loss,
    masked_entity_accuracy: entities.accuracy,
    ...(baselines && {
      unigram_lm_loss: words.unigramLoss,
      unigram_entity_loss: entities.unigramLoss,
      most_frequent_entity_accuracy: entities.mostFrequentAccuracy,
    }),
  };
}

interface Measured {
  readonly count: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly unigramLoss: number | null;
  readonly mostFrequentAccuracy: number | null;
}

async function evaluate(
  network: EvaluatedNetwork,
  batches: Iterable<LukeBatch>,
  kind: "word" | "entity",
  baseline: UnigramBaseline | undefined,
  advance: () => void,
): Promise<Measured> {
  let count = 0, lossSum = 0, correct = 0, unigramSum = 0, mostFrequent = 0, pending = 0;
  const collect = async (): Promise<void> => {
    const metrics = await network.readMetrics();
    lossSum += metrics[kind].lossSum;
    correct += metrics[kind].correct;
    count += metrics[kind].count;
    pending = 0;
  };
  for (const batch of batches) {
    for (const label of kind === "word" ? batch.maskedWordLabels : batch.maskedEntityLabels) {
      unigramSum += baseline?.loss(label) ?? 0;
      if (baseline?.mostFrequent === label) mostFrequent++;
    }
    await network.evaluate(batch);
    advance();
    if (++pending === BATCHES_BETWEEN_READS) await collect();
  }
  if (pending > 0) await collect();
  const mean = (sum: number): number | null => count > 0 ? sum / count : null;
  return {
    count,
    loss: mean(lossSum),
    accuracy: mean(correct),
    unigramLoss: mean(unigramSum),
    mostFrequentAccuracy: mean(mostFrequent),
  };
}
