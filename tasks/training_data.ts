import type { BatchCapacity, Device, LukeConfig } from "@lukeforge/model";
import {
  batchCapacity,
  type BatchMaterials,
  BatchWorkers,
  type ItemExtremes,
  ItemOrder,
  languageModelingCapacity,
  maskingTables,
  openPretrainingSource,
  packedCapacity,
  type RowLimits,
  rowLimits,
  type TrainingSource,
} from "@lukeforge/train";
import type { OpenDatasets } from "./pretrain_network.ts";
import { languageModelingOptions, maskingOptions, type TrainingSettings } from "./pretrain_settings.ts";
import { quantity } from "./progress.ts";

/** How batches are prepared; what is in them does not depend on it. */
export interface DataLoading {
  /** Threads; 0: the training's own. Default: {@linkcode defaultDataWorkers}. */
  readonly dataWorkers?: number | undefined;
  /** Micro-batches that each thread makes ahead. */
  readonly dataPrefetch?: number | undefined;
}

/** A training's data. */
export interface TrainingData extends DataLoading {
  readonly data: OpenDatasets;
  readonly settings: TrainingSettings;
  readonly config: LukeConfig;
  readonly device: Device;
  /** Updates of the run. */
  readonly totalSteps: number;
}

/** Items for which no thread is started: the training's own has made them before another is ready. */
const FEW_ITEMS = 2000;

/**
 * Threads that prepare batches of so many items in all. The cpu device computes in threads of its own while the training's thread
 * has nothing else to do: with and without threads a sample run waited for data for less than a hundredth of its time. A GPU's
 * commands are made in the training's thread.
 */
export function defaultDataWorkers(device: Device["kind"], cores: number, items: number): number {
  return device === "cpu" || items < FEW_ITEMS ? 0 : Math.min(2, Math.max(0, cores - 1));
}

/** The micro-batches of a run. */
export function openTrainingData(training: TrainingData): TrainingSource & AsyncDisposable {
  const { data, settings, config, device, totalSteps, dataPrefetch } = training;
  const { seed, batchSize, samplingSmoothing, groupByLength } = settings;
  const { size, maskId } = data.vocab;
  const materials: BatchMaterials = {
    directories: data.dataset.datasets.map(({ directory }) => directory),
    tables: maskingTables(data.tokenizer, settings),
    entityVocab: { size, maskId },
    masking: settings.masking === "huggingface"
      ? { huggingFace: languageModelingOptions(settings) }
      : maskingOptions(settings, config),
    recipe: {
      ...{ seed, batchSize, samplingSmoothing, groupByLength },
      ...(settings.pack && { pack: packedRows(data, settings, config) }),
      microBatchSize: settings.microBatchSize ?? batchSize,
    },
  };
  const workers = training.dataWorkers ??
    defaultDataWorkers(device.kind, navigator.hardwareConcurrency, totalSteps * batchSize);
  if (workers > 0) {
    return new BatchWorkers(data.dataset.size, materials, {
      workers,
      totalSteps,
      ...(dataPrefetch !== undefined && { prefetch: dataPrefetch }),
    });
  }
  const source = openPretrainingSource(materials);
  return {
    items: source.items,
    microBatch: (step, microStep) => source.microBatch(step, microStep),
    [Symbol.asyncDispose]: () => Promise.resolve(source[Symbol.dispose]()),
  };
}

/** What a row of several items holds. */
function packedRows({ dataset }: OpenDatasets, settings: TrainingSettings, config: LukeConfig): RowLimits {
  return rowLimits(dataset, maskingOptions(settings, config), settings.packLength ?? 0);
}

/** Several datasets, with the share of the draws that each gets. */
export function samplingLine(
  { dataset, metadata }: OpenDatasets,
  { samplingSmoothing }: TrainingSettings,
): string {
  const weights = metadata.map(({ number_of_items }) => number_of_items ** samplingSmoothing);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = dataset.datasets.map(({ directory, size }, i) =>
    `${directory} ${quantity(size)} items, ${(100 * (weights[i] ?? 0) / all).toFixed(1)} % of the draws`
  );
  return `${dataset.datasets.length} datasets: ${shares.join("; ")}`;
}

/** Parts of the longest item that get a plan of their own where micro-batches are grouped by length. */
const LENGTH_CLASSES = [1 / 3, 2 / 3] as const;
/** Draws whose lengths tell how many entities items of a class have. */
const MEASURED_DRAWS = 2048;

/**
 * What micro-batches of a run may hold, the largest first: any items, and with groups by length short ones as well, so that they are
 * not computed as wide as the longest. The entities of a class are the most that its items have among the run's first draws; a batch
 * that has more goes to the next class.
 */
export function trainingCapacities(
  data: OpenDatasets,
  settings: TrainingSettings,
  config: LukeConfig,
): (rows: number) => BatchCapacity[] {
  const { dataset } = data;
  const masking = maskingOptions(settings, config);
  const { longest_item, most_entities, longest_mention } = dataset;
  const classes = [{ longest_item, most_entities, longest_mention }];
  if (settings.groupByLength) {
    const sizes = dataset.datasets.map(({ size }) => size);
    const order = new ItemOrder(sizes, settings.seed, settings.samplingSmoothing);
    const drawn = Array.from({ length: MEASURED_DRAWS }, (_, draw) => dataset.lengths(order.at(draw).item));
    for (const part of LENGTH_CLASSES) {
      const longest = Math.ceil(part * longest_item);
      const entities = drawn.filter(({ words }) => words <= longest).map((lengths) => lengths.entities);
      if (entities.length === 0) continue;
      classes.push({ longest_item: longest, most_entities: Math.max(...entities), longest_mention });
    }
  }
  const capacityOf = (extremes: ItemExtremes, rows: number): BatchCapacity =>
    settings.masking === "huggingface"
      ? languageModelingCapacity(extremes, rows, languageModelingOptions(settings))
      : batchCapacity(extremes, rows, masking);
  const limits = settings.pack ? packedRows(data, settings, config) : undefined;
  return (rows) =>
    classes.map((extremes) => {
      const capacity = capacityOf(extremes, rows);
      return limits ? packedCapacity(capacity, limits) : capacity;
    });
}
