import { rmSync } from "node:fs";
import { writeFileAtomic } from "@lukeforge/corpus";
import {
  type Device,
  type LukeConfig,
  lukeParameters,
  openWeights,
  type WordModelClass,
} from "@lukeforge/model";
import { exportHuggingFace, exportWordModel, latestCheckpoint, writeModelCard } from "@lukeforge/train";
import { predictionLines } from "./predictions.ts";
import { evaluateRun, type HeldOutResult } from "./pretrain_evaluation.ts";
import { lukeConfig, type OpenDatasets, openDatasets, openHeldOut } from "./pretrain_network.ts";
import type { TrainingSettings } from "./pretrain_settings.ts";
import {
  loggedMean,
  meanTokensPerSecond,
  parameterCount,
  runTraining,
  trainingSummary,
} from "./pretrain_training.ts";
import { quantity } from "./progress.ts";
import { type Results, resultsTable, writeResults } from "./results.ts";
import type { RunPaths } from "./run_directory.ts";
import { baseModelName, runFacts } from "./run_facts.ts";
import { readRunNetwork, writeRunNetwork } from "./run_network.ts";
import { type Reporter, runTimed, type Stage } from "./stage.ts";
import type { StartingModel } from "./starting_model.ts";
import { stageSeconds } from "./stage_times.ts";
import type { DataLoading } from "./training_data.ts";

/** Everything that training needs. */
export interface PreparedRun {
  /** Directories of the training data. */
  readonly training: readonly string[];
  /** Directories of the held-out data, if there are any. */
  readonly heldOut: readonly string[];
  /** How batches are prepared. */
  readonly loading: DataLoading;
  readonly device: Device;
  readonly settings: TrainingSettings;
  /** What training starts from, unless from random weights. */
  readonly start: StartingModel | undefined;
  readonly paths: RunPaths;
  /** Bytes that the device has for the network, where that is known. */
  readonly available: number | undefined;
}

/**
 * Trains, exports the model, evaluates it and prints the results. What is finished is not done again.
 *
 * @returns whether all steps were made; false when the process was asked to stop before.
 */
export async function trainAndEvaluate(run: PreparedRun, reporter: Reporter): Promise<boolean> {
  const { paths, settings, device, available, start, loading } = run;
  using data = await openDatasets(run.training);
  using held = run.heldOut.length > 0 ? await openHeldOut(run.heldOut, data) : undefined;
  const config = readRunNetwork(paths.network) ?? lukeConfig(settings, data, start);
  writeRunNetwork(paths.network, config);
  const training = { paths, device, settings, config, start, data, available, loading };
  const { step, finished } = await runTraining(training, reporter);
  const checkpoint = latestCheckpoint(paths.checkpoints)?.path;
  if (!finished || checkpoint === undefined) {
    reporter.line(`pretraining: stopped after step ${step}; the same command continues`);
    return false;
  }
  reporter.line(
    `pretraining: ${trainingSummary(paths.metrics, stageSeconds(paths.stageTimes, "pretraining"))}`,
  );
  await runTimed(exportStage(run, config, data, checkpoint), paths.stageTimes, reporter);

  const found = held && await evaluate({ ...run, config, checkpoint, data, held }, reporter);
  const results: Results = {
    masked_lm_loss: found?.evaluation.masked_lm_loss ?? null,
    unigram_loss: found?.evaluation.unigram_lm_loss ?? null,
    masked_entity_accuracy: found?.evaluation.masked_entity_accuracy ?? null,
    most_frequent_entity_accuracy: found?.evaluation.most_frequent_entity_accuracy ?? null,
    tokens_per_second: meanTokensPerSecond(paths.metrics),
    data_wait_share: loggedMean(paths.metrics, ({ data_wait_share }) => data_wait_share),
    real_token_share: loggedMean(paths.metrics, ({ real_token_share }) => real_token_share),
    parameters: parameterCount(lukeParameters(config)),
    device: device.description,
    seconds: stageSeconds(paths.stageTimes),
    steps: step,
    masked_lm_accuracy: found?.evaluation.masked_lm_accuracy ?? null,
    masked_entity_loss: found?.evaluation.masked_entity_loss ?? null,
    masked_words: found?.evaluation.masked_words ?? 0,
    masked_entities: found?.evaluation.masked_entities ?? 0,
  };
  const hasEntities = config.entityVocabSize > 0;
  const card = { facts: runFacts({ settings, datasets: data.metadata, results }) };
  writeModelCard(paths.model, config, hasEntities ? data.vocab.languages : [], card);
  writeResults(paths.results, results);
  for (const line of resultsTable(results, paths)) reporter.line(line);
  return true;
}

interface TrainedRun extends PreparedRun {
  readonly config: LukeConfig;
  readonly checkpoint: string;
  readonly data: OpenDatasets;
  readonly held: OpenDatasets;
}

/** Figures are kept in `results.json` alone, so the evaluation is done again until that is written. */
async function evaluate(run: TrainedRun, reporter: Reporter): Promise<HeldOutResult> {
  const { device, settings, config, checkpoint, paths, data, held } = run;
  rmSync(paths.predictions, { force: true });
  let result: HeldOutResult | undefined;
  const stage: Stage = {
    name: "evaluation",
    unit: "batches",
    output: paths.predictions,
    async make(progress) {
      result = await evaluateRun(
        { device, settings, config, checkpoint, training: data, heldOut: held },
        progress,
      );
      writeFileAtomic(paths.predictions, examples(result).map((line) => `${line}\n`).join(""));
      const { masked_words, masked_entities } = result.evaluation;
      return `${quantity(masked_words)} masked words, ${
        quantity(masked_entities)
      } masked mentions of held-out pages`;
    },
  };
  await runTimed(stage, paths.stageTimes, reporter);
  if (result === undefined) throw new Error("the evaluation gave no result");
  for (const line of examples(result)) reporter.line(line);
  return result;
}

function examples({ words, entities }: HeldOutResult): string[] {
  return ([
    ["hidden words of held-out pages:", words],
    ["entities of mentions on held-out pages:", entities],
  ] as const).flatMap(([title, found]) => found.length > 0 ? [title, ...found.flatMap(predictionLines)] : []);
}

function exportStage(
  { paths, settings }: PreparedRun,
  config: LukeConfig,
  data: OpenDatasets,
  checkpoint: string,
): Stage {
  const baseModel = baseModelName(settings);
  return {
    name: "Hugging Face model",
    unit: "files",
    output: paths.model,
    async make() {
      using weights = openWeights(checkpoint);
      const model = {
        config,
        tensors: weights.tensors,
        tokenizer: data.tokenizer,
        card: { facts: runFacts({ settings, datasets: data.metadata }) },
      };
      if (config.entityVocabSize === 0) {
        await exportWordModel(paths.model, model, wordModelClass(config, data));
      } else {
        await exportHuggingFace(paths.model, {
          ...model,
          vocab: data.vocab,
          maxMentionLength: Math.max(...data.metadata.map(({ max_mention_length }) => max_mention_length)),
          ...(baseModel !== undefined && { bertModelName: baseModel }),
        });
      }
      return paths.model;
    },
  };
}

/** transformers' class for a network of words only. */
function wordModelClass({ baseModelType }: LukeConfig, { tokenizer }: OpenDatasets): WordModelClass {
  if (baseModelType === "bert") return "BertForMaskedLM";
  return tokenizer.modelType === "xlm-roberta" ? "XLMRobertaForMaskedLM" : "RobertaForMaskedLM";
}
