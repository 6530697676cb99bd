import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { DatasetMetadata } from "@lukeforge/train";
import { isHubName } from "./hub/hub_name.ts";
import type { TrainingSettings } from "./pretrain_settings.ts";
import type { Results } from "./results.ts";

/** What a model card tells of a run. */
export interface RunFacts {
  /** What it was trained with. */
  readonly settings: TrainingSettings;
  /** What it was trained on. */
  readonly datasets: readonly DatasetMetadata[];
  /** How it ended; undefined before it is evaluated. */
  readonly results?: Results | undefined;
}

/** The rows of a model card: corpus, training, held-out figures. */
export function runFacts({ settings, datasets, results }: RunFacts): Record<string, string | number> {
  const facts: Record<string, string | number> = {};
  const put = (name: string, value: unknown): void => {
    if (typeof value === "string" || typeof value === "number") facts[name] = value;
  };
  const names = (of: (dataset: DatasetMetadata) => string | null | undefined): string | undefined =>
    [...new Set(datasets.flatMap((dataset) => of(dataset) ?? []))].join(", ") || undefined;
  const sum = (of: (dataset: DatasetMetadata) => number): number =>
    datasets.reduce((total, dataset) => total + of(dataset), 0);
  put("corpus", names(dumpName));
  put("language", names(({ language }) => language));
  put("pages", sum(({ counts }) => counts?.pages ?? 0) || undefined);
  put("training items", sum(({ number_of_items }) => number_of_items));
  put("training words", sum(({ total_words }) => total_words));
  const mentions = sum(({ total_entities }) => total_entities);
  const isWordOnly = settings.wordOnlyTraining || mentions === 0;
  put("training mentions", isWordOnly ? undefined : mentions);
  put("longest text", `${Math.max(...datasets.map(({ max_seq_length }) => max_seq_length))} words`);
  const start = settings.modelFile ?? settings.bertModelName;
  put(
    "started from",
    start === null || start === undefined ? undefined : baseModelName(settings) ?? basename(start),
  );
  put("steps", results?.steps);
  put("batch size", settings.batchSize);
  put("learning rate", `${settings.learningRate}, ${settings.lrSchedule}`);
  put("weight decay", settings.weightDecay);
  put("masked words", `${settings.maskedLmProb}${maskingName(settings, datasets)}`);
  put("masked entities", isWordOnly ? undefined : settings.maskedEntityProb);
  put("precision", settings.precision);
  put("seed", settings.seed);
  if (results === undefined) return facts;
  put("device", results.device);
  put("held-out masked-word loss", nats(results.masked_lm_loss));
  put("of the unigram baseline", nats(results.unigram_loss));
  put("held-out masked-entity accuracy", share(results.masked_entity_accuracy));
  put("of the most frequent entity", share(results.most_frequent_entity_accuracy));
  return facts;
}

/** Tokenizers whose tokens do not tell whether they continue a word, but for the mark of `--xlm-r-whole-words`. */
const KNOWS_NO_WORDS = /^(XLMRoberta|MLuke)Tokenizer/;

function maskingName(
  { masking, maskedLmProb, wholeWordMasking, xlmRWholeWords }: TrainingSettings,
  datasets: readonly DatasetMetadata[],
): string {
  if (maskedLmProb === 0) return "";
  if (masking === "huggingface") return ", as Hugging Face's collator";
  const knowsWords = xlmRWholeWords || datasets.every((one) => !KNOWS_NO_WORDS.test(one.tokenizer_class));
  return wholeWordMasking && knowsWords ? ", whole words" : "";
}

function dumpName({ provenance: { pages_db: pagesDB } }: DatasetMetadata): string | undefined {
  const dump = isObject(pagesDB) ? pagesDB.dump_file : undefined;
  return typeof dump === "string" ? basename(dump) : undefined;
}

/** The name at the model hub of what a run started from; undefined for a path, which means nothing elsewhere. */
export function baseModelName({ modelFile, bertModelName }: TrainingSettings): string | undefined {
  const name = modelFile ?? bertModelName;
  return name !== null && name !== undefined && !existsSync(name) && isHubName(name) ? name : undefined;
}

function nats(value: number | null): string | undefined {
  return value === null ? undefined : `${value.toFixed(3)} nats`;
}

function share(value: number | null): string | undefined {
  return value === null ? undefined : `${(100 * value).toFixed(1)} %`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
