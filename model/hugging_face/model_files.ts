import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { openArchivedWeights, openWeights } from "../weights/open_weights.ts";
import type { StoredWeights } from "../weights/stored_tensor.ts";
import { isArchive, WeightsArchive } from "../weights/weights_archive.ts";
import { WeightsError } from "../weights/weights_error.ts";

/** The parts of a model. */
export interface ModelFiles extends Disposable {
  /** Opens the weights; they are closed by themselves. @throws {WeightsError} when there are none, or they are damaged. */
  openWeights(): StoredWeights;
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

/** Configurations; naming one names its directory. */
const SETTINGS = ["config.json", "metadata.json"];
/** Names of entity vocabularies, Hugging Face's first; of LUKE's own, `.tsv` wins as upstream. */
const ENTITY_VOCABS = ["entity_vocab.json", "entity_vocab.tsv", "entity_vocab.jsonl"];
/** Files that a tokenizer is known by. */
const TOKENIZERS = ["tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model"];
/** A configuration is not larger. */
const MAX_SETTINGS_BYTES = 2 ** 24;

/**
 * Finds the parts of a model: in a directory of Hugging Face transformers or sentence-transformers (`config.json`), of LUKE's own
 * repository (`metadata.json`, also above DeepSpeed's `checkpoints/TAG/`), beside a file of weights, or in an archive of LUKE's
 * own repository, whose entity vocabulary then lies in the system's temporary directory until it is disposed of.
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
  if (SETTINGS.includes(basename(path))) return findModelFiles(dirname(path));
  if (kind.isDirectory()) {
    const settings = findSettings(path, true) ?? lacking(path);
    const home = dirname(settings.settingsPath);
    // A model of sentence-transformers has its encoder in a directory of its own; DeepSpeed's are below their metadata.
    const weightsPath = settings.isOriginalLuke ? path : home;
    return {
      ...settings,
      ...beside(home),
      openWeights: () => openWeights(weightsPath),
      [Symbol.dispose]: () => {},
    };
  }
  if (!path.endsWith(".json") && isArchive(path)) return inArchive(path);
  const settings = findSettings(dirname(path), false) ?? lacking(path);
  return {
    ...settings,
    ...beside(dirname(settings.settingsPath)),
    openWeights: () => openWeights(path),
    [Symbol.dispose]: () => {},
  };
}

function lacking(path: string): never {
  throw new WeightsError(
    `${path}: there is no config.json (Hugging Face) or metadata.json (LUKE) beside the weights; give a directory that has one${
      existsSync(join(path, "trainer_state.json")) ? ", or make one of this checkpoint by convert-model" : ""
    }`,
  );
}

/** Vocabularies beside a configuration. */
function beside(home: string): Pick<ModelFiles, "entityVocabPath" | "tokenizerPath"> {
  const entityVocab = ENTITY_VOCABS.map((name) => join(home, name)).find((file) => existsSync(file)) ??
    configWithEntityVocab(home);
  return {
    ...(entityVocab !== undefined && { entityVocabPath: entityVocab }),
    ...(TOKENIZERS.some((name) => existsSync(join(home, name))) && { tokenizerPath: home }),
  };
}

/** transformers 5 saves the vocabulary of a LUKE tokenizer in the tokenizer's configuration. */
function configWithEntityVocab(home: string): string | undefined {
  const file = join(home, "tokenizer_config.json");
  if (!existsSync(file)) return undefined;
  const contents = readFileSync(file); // longer than the longest string where there are millions of entities
  return ['"entity_vocab": {', '"entity_vocab":{'].some((key) => contents.includes(key)) ? file : undefined;
}

function inArchive(path: string): ModelFiles {
  const archive = new WeightsArchive(path);
  let directory: string | undefined;
  const dispose = (): void => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    archive[Symbol.dispose]();
  };
  try {
    const settingsPath = `${path}: metadata.json`;
    const settings = parseObject(archive.text("metadata.json") ?? lacking(path), settingsPath).model_config;
    if (!isRecord(settings)) {
      throw new WeightsError(`${settingsPath}: has no model_config; this is no archive of LUKE`);
    }
    for (const name of ENTITY_VOCABS) {
      const text = directory === undefined ? archive.text(name) : undefined;
      if (text === undefined) continue;
      directory = mkdtempSync(join(tmpdir(), "lukeforge-archive-"));
      writeFileSync(join(directory, name), text);
    }
    return {
      settingsPath,
      settings,
      isOriginalLuke: true,
      ...(directory !== undefined && beside(directory)),
      openWeights: () => openArchivedWeights(archive),
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

type Settings = Pick<ModelFiles, "settingsPath" | "settings" | "isOriginalLuke">;

function findSettings(directory: string, mayLookInside: boolean): Settings | undefined {
  const config = readConfig(directory);
  if (config && isModelConfig(config.settings)) return config;
  // DeepSpeed's files are in RUN/checkpoints/TAG/, their metadata.json in RUN/.
  const above = isDeepSpeed(directory) ? [dirname(directory), dirname(dirname(directory))] : [];
  for (const home of [directory, ...above]) {
    const metadata = readMetadata(home);
    if (metadata) return metadata;
  }
  const transformer = mayLookInside ? transformerDirectory(directory) : undefined;
  const inside = join(directory, "model");
  if (transformer === undefined && config && existsSync(join(inside, "config.json"))) {
    throw new WeightsError(
      `${config.settingsPath}: is that of no model; the directory's model is ${inside}, give that`,
    );
  }
  return (transformer === undefined ? undefined : readConfig(transformer)) ?? config;
}

function isDeepSpeed(directory: string): boolean {
  return existsSync(join(directory, "mp_rank_00_model_states.pt")) || basename(directory) === "checkpoints";
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
  const [first]: unknown[] = Object.values(parseJson(readText(modules), modules) ?? {});
  if (!isRecord(first) || typeof first.path !== "string" || !/^[\w.-]+$/.test(first.path)) return undefined;
  return join(directory, first.path);
}

function readObject(path: string): Record<string, unknown> {
  return parseObject(readText(path), path);
}

function parseObject(text: string, path: string): Record<string, unknown> {
  const value = parseJson(text, path);
  if (isRecord(value)) return value;
  throw new WeightsError(`${path}: is not a JSON object; restore the file`);
}

function readText(path: string): string {
  const status = statSync(path);
  if (!status.isFile()) throw new WeightsError(`${path}: is not a file; restore it`);
  const { size } = status;
  if (size > MAX_SETTINGS_BYTES) {
    throw new WeightsError(`${path}: has ${size} bytes, more than a configuration has; restore the file`);
  }
  return readFileSync(path, "utf8");
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WeightsError(
      `${path}: is not JSON (${error instanceof Error ? error.message : error}); restore the file`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
