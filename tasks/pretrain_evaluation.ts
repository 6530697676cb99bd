import { type Device, type LukeConfig, LukeNetwork } from "@lukeforge/model";
import {
  countTrainingIds,
  evaluateHeldOut,
  type Evaluation,
  heldOutCapacity,
  heldOutEntityBatches,
  heldOutWordBatches,
  maskingTables,
  readCheckpointParameters,
  UnigramBaseline,
} from "@lukeforge/train";
import type { OpenDatasets } from "./pretrain_network.ts";
import { maskingOptions, type TrainingSettings } from "./pretrain_settings.ts";
import { predictEntities, type Prediction, predictWords } from "./predictions.ts";
import type { ProgressCallback } from "./progress.ts";

/** What is evaluated, and on what. */
export interface EvaluationRun {
  readonly device: Device;
  readonly settings: TrainingSettings;
  readonly config: LukeConfig;
  /** Directory of the checkpoint. */
  readonly checkpoint: string;
  /** What the network was trained on: its counts are the baselines. */
  readonly training: OpenDatasets;
  /** What it has not seen. */
  readonly heldOut: OpenDatasets;
}

/** Figures and examples. */
export interface HeldOutResult {
  readonly evaluation: Evaluation;
  readonly words: readonly Prediction[];
  readonly entities: readonly Prediction[];
}

/** Draws of word masks that are averaged. */
const DRAWS = 5;
/** Examples of either kind. */
const EXAMPLES = 4;

/**
 * Evaluates a checkpoint on held-out pages: five draws of word masks, every mention masked once, and the two baselines on the same
 * places. Masks depend on the data alone, so that runs with other seeds compare.
 */
export async function evaluateRun(run: EvaluationRun, progress: ProgressCallback): Promise<HeldOutResult> {
  const { device, settings, config, checkpoint, training, heldOut } = run;
  const { tokenizer, vocab, dataset } = heldOut;
  const rows = Math.min(settings.microBatchSize ?? settings.batchSize, 64);
  const masking = maskingOptions(settings, config);
  const tables = maskingTables(tokenizer, settings);
  // What was never trained is not measured.
  const predicted = {
    words: settings.maskedLmProb > 0,
    entities: settings.maskedEntityProb > 0 && config.entityVocabSize > 0,
  };
  await using network = await LukeNetwork.create(device, config, {
    capacities: [heldOutCapacity(dataset, rows, masking)],
  });
  await readCheckpointParameters(checkpoint, network);
  const counts = countTrainingIds(training.dataset, config.vocabSize, config.entityVocabSize);
  const evaluation = await evaluateHeldOut(
    network,
    {
      words: predicted.words
        ? heldOutWordBatches(dataset, tables, vocab, { rows, draws: DRAWS, masking })
        : [],
      entities: predicted.entities ? heldOutEntityBatches(dataset, tables, vocab, rows) : [],
    },
    { words: new UnigramBaseline(counts.words), entities: new UnigramBaseline(counts.entities) },
    progress,
  );
  return {
    evaluation,
    words: predicted.words ? await predictWords(network, heldOut, EXAMPLES) : [],
    entities: predicted.entities ? await predictEntities(network, heldOut, EXAMPLES) : [],
  };
}
