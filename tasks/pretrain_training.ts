import { type Device, type LukeConfig, LukeNetwork, type LukeTrainingOptions } from "@lukeforge/model";
import {
  latestCheckpoint,
  learningRateSchedule,
  type MetricsRecord,
  readMetrics,
  totalTrainingSteps,
  train,
  type TrainingOutcome,
} from "@lukeforge/train";
import { forecastMemory } from "./memory_forecast.ts";
import type { OpenDatasets } from "./pretrain_network.ts";
import type { TrainingSettings } from "./pretrain_settings.ts";
import { duration, ProgressLine } from "./progress.ts";
import type { RunPaths } from "./run_directory.ts";
import type { Reporter } from "./stage.ts";
import { recordStageTime } from "./stage_times.ts";
import { type StartingModel, takeStartingModel } from "./starting_model.ts";
import { type DataLoading, openTrainingData, samplingLine, trainingCapacities } from "./training_data.ts";

/** What a run trains with. */
export interface TrainingRun {
  readonly paths: RunPaths;
  readonly device: Device;
  readonly settings: TrainingSettings;
  readonly config: LukeConfig;
  /** What the weights are taken from before the first step, unless random. */
  readonly start: StartingModel | undefined;
  readonly data: OpenDatasets;
  /** How batches are prepared. */
  readonly loading: DataLoading;
  /** Bytes that the device has for the network, where that is known. */
  readonly available: number | undefined;
}

/** Trains from the last checkpoint on, or from the start, until all steps are made or the process is asked to stop. */
export async function runTraining(run: TrainingRun, reporter: Reporter): Promise<TrainingOutcome> {
  const { paths, device, settings, config, start, data, available, loading } = run;
  const { seed, batchSize, gradientAccumulationSteps, learningRate } = settings;
  const microBatchSize = settings.microBatchSize ?? batchSize;
  const totalSteps = settings.maxSteps ??
    totalTrainingSteps([data.dataset.size], batchSize, settings.numEpochs ?? 1);
  const warmupSteps = settings.warmupSteps ??
    Math.min(Math.round(totalSteps * settings.warmupProportion), totalSteps - 1);
  const schedule = learningRateSchedule(settings.lrSchedule, { learningRate, warmupSteps, totalSteps });

  const training: LukeTrainingOptions = {
    gradientAccumulationSteps: gradientAccumulationSteps ?? 1,
    optimizer: {
      betas: [settings.adamB1, settings.adamB2],
      eps: settings.adamEps,
      weightDecay: settings.weightDecay,
      biasCorrection: settings.adamBiasCorrection,
      maxGradNorm: settings.maxGradNorm,
    },
    recompute: settings.recompute,
  };
  const capacitiesOf = trainingCapacities(data, settings, config);

  const { precision } = settings;
  if (data.dataset.datasets.length > 1) reporter.line(samplingLine(data, settings));
  const longest = data.dataset.longest_item + 2;
  if (settings.packLength !== null && settings.packLength < longest) {
    reporter.line(
      `--pack-length ${settings.packLength}: rows have ${longest} words, those of the longest item`,
    );
  }
  const planned = { config, training, precision, microBatchSize, batchSize, capacitiesOf, device, available };
  reporter.line(await forecastMemory(planned));
  await using network = await LukeNetwork.create(device, config, {
    capacities: capacitiesOf(microBatchSize),
    training,
    precision,
  });
  network.initialize(seed);
  const last = latestCheckpoint(paths.checkpoints);
  if (start !== undefined && last === undefined) {
    const { summary, notices } = await takeStartingModel(network, start, data, seed);
    for (const line of [summary, ...notices]) reporter.line(`starting model: ${line}`);
  }
  if (last !== undefined && last.step < totalSteps) {
    reporter.line(`pretraining: continues after step ${last.step}`);
  }

  await using source = openTrainingData({ ...loading, data, settings, config, device, totalSteps });
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, abort);
  const line = new ProgressLine(reporter.progress, "pretraining", "steps");
  let latest: MetricsRecord | undefined;
  let since = performance.now();
  try {
    return await train(
      network,
      source,
      paths.directory,
      {
        seed,
        batchSize,
        microBatchSize,
        totalSteps,
        schedule,
        loggingSteps: settings.loggingSteps,
        saveSteps: settings.saveSteps,
        signal: stop.signal,
        ...(last && { resumeFrom: last.path }),
      },
      {
        progress: (done, total) => line.update(done, total, latest && noteOf(latest)),
        log: (record) => latest = record,
        checkpoint: (_path, step) => {
          recordStageTime(
            paths.stageTimes,
            `pretraining to step ${step}`,
            (performance.now() - since) / 1000,
          );
          since = performance.now();
        },
        warn: (message) => {
          line.clear();
          reporter.line(`pretraining: ${message}`);
        },
      },
    );
  } finally {
    line.clear();
    for (const signal of STOP_SIGNALS) Deno.removeSignalListener(signal, abort);
  }
}

/** Windows knows only Ctrl+C. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** One line about a finished training, from its log. */
export function trainingSummary(metricsFile: string, seconds: number): string {
  const last = readMetrics(metricsFile).at(-1);
  if (last === undefined) return "no step";
  const waited = loggedMean(metricsFile, ({ data_wait_share }) => data_wait_share);
  const real = loggedMean(metricsFile, ({ real_token_share }) => real_token_share);
  return `${last.step} steps, ${lossText(last)}${dataText(waited, real)} (${duration(seconds)})`;
}

/** A mean over the whole training of what each line of its log tells of its interval, weighed by the interval's time. */
export function loggedMean(metricsFile: string, of: (record: MetricsRecord) => number | null): number | null {
  let sum = 0, weights = 0;
  for (const record of readMetrics(metricsFile)) {
    const value = of(record);
    if (value === null || !record.tokens_per_second) continue;
    sum += value / record.tokens_per_second;
    weights += 1 / record.tokens_per_second;
  }
  return weights > 0 ? sum / weights : null;
}

/** Words per second over the whole training: the harmonic mean of intervals of equal length. */
export function meanTokensPerSecond(metricsFile: string): number {
  const rates = readMetrics(metricsFile).flatMap(({ tokens_per_second }) => tokens_per_second ?? []);
  return rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0);
}

/** Number of scalars of parameters. */
export function parameterCount(parameters: readonly { readonly shape: readonly number[] }[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

function noteOf(record: MetricsRecord): string {
  return lossText(record) + dataText(record.data_wait_share, record.real_token_share);
}

function lossText({ masked_lm_loss, masked_entity_loss }: MetricsRecord): string {
  const shown = (loss: number | null): string => loss === null ? "–" : loss.toFixed(2);
  return `loss: words ${shown(masked_lm_loss)}, entities ${shown(masked_entity_loss)}`;
}

/** `waited 0.4 % for data, 62 % real tokens` */
function dataText(waited: number | null, real: number | null): string {
  const shares = [
    ...(waited === null ? [] : [`waited ${(100 * waited).toFixed(1)} % for data`]),
    ...(real === null ? [] : [`${(100 * real).toFixed(0)} % real tokens`]),
  ];
  return shares.map((share) => `, ${share}`).join("");
}
