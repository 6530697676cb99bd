import { METRICS_OF_HEAD } from "./ops/cross_entropy/cross_entropy.ts";

/** Sums of a head over the micro-steps since they were read. */
export interface HeadMetrics {
  /** Σ of the losses of masked places, nats. */
  readonly lossSum: number;
  /** Masked places whose label had the greatest logit. */
  readonly correct: number;
  /** Masked places. */
  readonly count: number;
  /** Σ over micro-steps of the mean loss, 0 for a micro-step without masked places. */
  readonly sumOfMeans: number;
}

/** What `LukeNetwork.readMetrics` returns. */
export interface LukeMetrics {
  /** The masked word head. */
  readonly word: HeadMetrics;
  /** The masked entity head. */
  readonly entity: HeadMetrics;
  /** Micro-steps and evaluations summed. */
  readonly microSteps: number;
  /** Global gradient norm of the last update, before clipping. */
  readonly gradNorm: number;
  /** Updates since the last call that were skipped because a gradient was not finite. */
  readonly skippedUpdates: number;
}

/** The sums of the word and of the entity head in the metrics that the plans add to. */
export function headMetrics(metrics: ArrayLike<number>): Pick<LukeMetrics, "word" | "entity"> {
  const head = (slot: number): HeadMetrics => ({
    lossSum: metrics[slot] ?? NaN,
    correct: metrics[slot + 1] ?? NaN,
    count: metrics[slot + 2] ?? NaN,
    sumOfMeans: metrics[slot + 3] ?? NaN,
  });
  return { word: head(0), entity: head(METRICS_OF_HEAD) };
}
