import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { WeightsError } from "../weights/weights_error.ts";

/** Where the parts of a model lie. */
export interface ModelFiles {
  /** What the weights are opened from: a directory or a file. */
  readonly weightsPath: string;
  /** The configuration file. */
  readonly settingsPath: string;
  /** Its fields; of LUKE's own `metadata.json` those of `model_config`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Whether LUKE's own repository wrote it, not Hugging Face transformers. */
  readonly isOriginalLuke: boolean;
  /** The entity vocabulary. */
  readonly entityVocabPath?: string;
  /** The directory that has tokenizer files. */
  readonly tokenizerPath?: string;
}

/** Names of entity vocabularies, Hugging Face's first; of LUKE's own, `.tsv` wins as upstream. */
const ENTITY_VOCABS = ["entity_vocab.json", "entity_vocab.tsv", "entity_vocab.jsonl"];
/** Files that a tokenizer is known by. */
const TOKENIZERS = ["tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model"];
/** The weights in a checkpoint that DeepSpeed wrote. */
const DEEPSPEED_WEIGHTS = "mp_rank_00_model_states.pt";
/** A configuration is not larger. */
const MAX_SETTINGS_BYTES = 2 ** 24;

/**
 * Finds the parts of a model: in a directory of Hugging Face transformers or sentence-transformers (`config.json`), of LUKE's own
 * repository (`metadata.json`, also above DeepSpeed's `checkpoints/TAG/`), or beside a file of weights.
 *
 * @throws {WeightsError} when there is no such path, or no configuration that can be read.
 */
export function findModelFiles(path: string): ModelFiles {
  const kind = statSync(path, { throwIfNoEntry: false });
  if (kind === undefined) {
    throw new WeightsError(
      `${path}: there is no such file or directory; give a model's directory or weights`,
    );
  }
  const directory = kind.isDirectory() ? path : dirname(path);
  const settings = findSettings(directory, kind.isDirectory());
  if (settings === undefined) {
    throw new WeightsError(
      `${path}: there is no config.json (Hugging Face) or metadata.json (LUKE) beside the weights; give a directory that has one`,
    );
  }
  const home = dirname(settings.settingsPath);
  const entityVocab = ENTITY_VOCABS.map((name) => join(home, name)).find((file) => existsSync(file));
  const weightsPath = kind.isDirectory() ? weightsIn(directory, home) : path;
  return {
    weightsPath,
    ...settings,
    ...(entityVocab !== undefined && { entityVocabPath: entityVocab }),
    ...(TOKENIZERS.some((name) => existsSync(join(home, name))) && { tokenizerPath: home }),
  };
}

type Settings = Pick<ModelFiles, "settingsPath" | "settings" | "isOriginalLuke">;

function findSettings(directory: string, mayLookInside: boolean): Settings | undefined {
  const config = readConfig(directory);
  if (config && isModelConfig(config.settings)) return config;
  // DeepSpeed's files are in RUN/checkpoints/TAG/, their metadata.json in RUN/.
  for (const home of [directory, dirname(directory), dirname(dirname(directory))]) {
    const metadata = readMetadata(home);
    if (metadata && (home === directory || isDeepSpeed(directory))) return metadata;
  }
  const transformer = mayLookInside ? transformerDirectory(directory) : undefined;
  return (transformer === undefined ? undefined : readConfig(transformer)) ?? config;
}

function isDeepSpeed(directory: string): boolean {
  return existsSync(join(directory, DEEPSPEED_WEIGHTS)) || basename(directory) === "checkpoints";
}

function isModelConfig(settings: Readonly<Record<string, unknown>>): boolean {
  return settings.model_type !== undefined || settings.architectures !== undefined;
}

function readConfig(directory: string): Settings | undefined {
  const settingsPath = join(directory, "config.json");
  if (!existsSync(settingsPath)) return undefined;
  return { settingsPath, settings: readObject(settingsPath), isOriginalLuke: false };
}

function readMetadata(directory: string): Settings | undefined {
  const settingsPath = join(directory, "metadata.json");
  if (!existsSync(settingsPath)) return undefined;
  const settings = readObject(settingsPath).model_config;
  return isRecord(settings) ? { settingsPath, settings, isOriginalLuke: true } : undefined;
}

/** The directory of the encoder in a model of sentence-transformers whose root has no configuration of it. */
function transformerDirectory(directory: string): string | undefined {
  const modules = join(directory, "modules.json");
  if (!existsSync(modules)) return undefined;
  const [first]: unknown[] = Object.values(readJson(modules) ?? {});
  if (!isRecord(first) || typeof first.path !== "string" || !/^[\w.-]+$/.test(first.path)) return undefined;
  return join(directory, first.path);
}

/** What to open the weights of a directory from. */
function weightsIn(directory: string, home: string): string {
  if (existsSync(join(directory, DEEPSPEED_WEIGHTS))) return join(directory, DEEPSPEED_WEIGHTS);
  for (const checkpoints of [join(directory, "checkpoints"), directory]) {
    const latest = join(checkpoints, "latest");
    if (!existsSync(latest)) continue;
    const weights = join(checkpoints, basename(readFileSync(latest, "utf8").trim()), DEEPSPEED_WEIGHTS);
    if (existsSync(weights)) return weights;
  }
  return home;
}

function readObject(path: string): Record<string, unknown> {
  const value = readJson(path);
  if (isRecord(value)) return value;
  throw new WeightsError(`${path}: is not a JSON object; restore the file`);
}

function readJson(path: string): unknown {
  const { size } = statSync(path);
  if (size > MAX_SETTINGS_BYTES) {
    throw new WeightsError(`${path}: has ${size} bytes, more than a configuration has; restore the file`);
  }
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new WeightsError(
      `${path}: is not JSON (${error instanceof Error ? error.message : error}); restore the file`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
