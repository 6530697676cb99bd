import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import type { Device, LukeConfig } from "@lukeforge/model";
import { latestCheckpoint } from "@lukeforge/train";
import { camelCase, optionOf } from "./name_case.ts";
import type { TrainingSettings } from "./pretrain_settings.ts";
import { LOCK_FILE } from "./run_lock.ts";
import { readRunNetwork } from "./run_network.ts";

/** A value of an option, as JSON has it. */
export type SettingValue = string | number | boolean | null;

/** What a run reads, with size and time of change; lists where there are several datasets. */
export type RunInput = Readonly<Record<string, SettingValue | readonly string[]>>;

/** What makes a run what it is: the same in every start of it. */
export interface RunIdentity {
  /** What is read. */
  readonly input: RunInput;
  /** Every option as it was resolved. */
  readonly settings: Readonly<Record<string, SettingValue>>;
}

/** What a run computes with. Other choices may give other bits. */
export interface RunEnvironment {
  readonly device: {
    readonly kind: Device["kind"];
    readonly description: string;
    readonly choices: Device["choices"];
  };
  readonly deno: string;
}

/** Where and with what a run went on that had begun with something else. */
export interface RunContinuation extends RunEnvironment {
  /** The checkpoint it went on from. */
  readonly step: number;
  /** Settings that a run may go on with others of. */
  readonly settings: RunIdentity["settings"];
}

/** `config.json` of a run directory. */
export interface RunConfig extends RunIdentity, RunEnvironment {
  readonly format: typeof FORMAT;
  /** Commits of what came from the model hub, by repository. */
  readonly repositories?: Readonly<Record<string, string>>;
  /** What changed since it began. */
  readonly continued?: readonly RunContinuation[];
}

const FORMAT = "lukeforge-run-1";
const CONFIG_FILE = "config.json";

/** Files and directories of a run, by what they hold. */
export interface RunPaths {
  readonly directory: string;
  readonly pagesDB: string;
  readonly tokenizer: string;
  readonly entityVocab: string;
  readonly dataset: string;
  readonly heldOut: string;
  readonly network: string;
  readonly checkpoints: string;
  readonly metrics: string;
  readonly model: string;
  readonly predictions: string;
  readonly results: string;
  readonly stageTimes: string;
}

/** The paths of the run in `directory`. */
export function runPaths(directory: string): RunPaths {
  return {
    directory,
    pagesDB: join(directory, "pages.db"),
    tokenizer: join(directory, "tokenizer"),
    entityVocab: join(directory, "entity_vocab.jsonl"),
    dataset: join(directory, "dataset"),
    heldOut: join(directory, "held_out"),
    network: join(directory, "network.json"),
    checkpoints: join(directory, "checkpoints"),
    metrics: join(directory, "metrics.jsonl"),
    model: join(directory, "model"),
    predictions: join(directory, "predictions.txt"),
    results: join(directory, "results.json"),
    stageTimes: join(directory, "stages.jsonl"),
  };
}

/** What the stages leave, in their order; the corpus options that shape each, and no earlier one. All others shape the training. */
const SHAPED_BY: readonly (readonly [output: keyof RunPaths, names: readonly string[]])[] = [
  ["pagesDB", [
    ...["dump", "dump_size", "dump_modified", "language"],
    ...["include_captions", "include_tables", "template_texts"],
  ]],
  ["tokenizer", ["tokenizer", "revision", "vocab_size", "held_out_fraction"]],
  ["entityVocab", ["entity_vocab", "entity_vocab_size", "min_count"]],
  ["dataset", [
    "sentence_splitter",
    "max_seq_length",
    "max_entity_length",
    "max_mention_length",
    "min_sentence_length",
    "include_sentences_without_entities",
  ]],
  ["heldOut", []],
  ["checkpoints", []],
  ["model", []],
  ["results", ["held_out_dataset_dir"]],
];
const TRAINING = SHAPED_BY.findIndex(([output]) => output === "checkpoints");

/** Settings that change neither what is learned nor what is written: a run may go on with others. */
const FREE_SETTINGS: readonly string[] = ["recompute"];

/** Settings that may be written in several ways. */
const PATH_SETTINGS: readonly string[] = [
  ...["dump", "template_texts", "dataset_dir", "held_out_dataset_dir", "tokenizer", "entity_vocab"],
  ...["bert_model_name", "resume_hf_checkpoint_file", "model_file"],
];

/**
 * The configuration that the training in `directory` is bound to; undefined before its first checkpoint. An option binds a run as
 * soon as there is something that it shapes: until then it can be mended and the command started again.
 *
 * @throws {UserError} when the directory holds something else, or what other options made: the first that differs is named.
 */
export function openRun(directory: string, identity: RunIdentity): RunConfig | undefined {
  const config = readConfig(directory);
  if (config === undefined) return undefined;
  for (const part of ["input", "settings"] as const) {
    const names = new Set([...Object.keys(identity[part]), ...Object.keys(config[part])]);
    for (const name of names) {
      const before = config[part][name], now = identity[part][name];
      if (FREE_SETTINGS.includes(name) || isSame(name, before, now)) continue;
      const made = madeFrom(stageOf(name), directory);
      if (made.length === 0) continue;
      throw new UserError(
        `${directory}: was made with ${described(name, before)}, not ${
          described(name, now)
        }; run with the options ` +
          `it was made with, give another --output-dir, or remove ${made.join(", ")} there`,
      );
    }
  }
  return madeFrom(TRAINING, directory).length > 0 ? config : undefined;
}

function isSame(name: string, a: RunInput[string] | undefined, b: RunInput[string] | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, i) => isSame(name, value, b[i]));
  }
  if (PATH_SETTINGS.includes(name) && typeof a === "string" && typeof b === "string") {
    return resolve(a) === resolve(b);
  }
  return valueOrNull(a) === valueOrNull(b);
}

/** A run from before a flag existed was made without it. */
function valueOrNull(value: RunInput[string] | undefined): RunInput[string] | null {
  return value === undefined || value === false ? null : value;
}

function stageOf(name: string): number {
  const stage = SHAPED_BY.findIndex(([, names]) => names.includes(name));
  return stage < 0 ? TRAINING : stage;
}

/** What a stage and those after it have left in `directory`. */
function madeFrom(stage: number, directory: string): string[] {
  const paths = runPaths(directory);
  return SHAPED_BY.slice(stage).map(([output]) => paths[output])
    .filter((path) => path === paths.checkpoints ? latestCheckpoint(path) !== undefined : existsSync(path))
    .map((path) => basename(path));
}

/** Whether a directory is that of a run. */
export function isRun(directory: string): boolean {
  try {
    const config: unknown = JSON.parse(readFileSync(join(directory, CONFIG_FILE), "utf8"));
    return typeof config === "object" && config !== null && "format" in config && config.format === FORMAT;
  } catch {
    return false; // no file, or not JSON
  }
}

/**
 * The settings that a run was begun or last continued with, its dataset directories, and its network once training has begun.
 *
 * @throws {UserError} when `directory` is no run.
 */
export function readRun(
  directory: string,
): { settings: TrainingSettings; datasets: readonly string[]; network: LukeConfig | undefined } {
  const remedy = "name the --output-dir of pretrain";
  const config = readConfig(directory, remedy);
  if (config === undefined) throw new UserError(`${directory}: holds no run; ${remedy}`);
  const settings = Object.fromEntries(
    Object.entries({ ...config.settings, ...config.continued?.at(-1)?.settings }).map((
      [name, value],
    ) => [camelCase(name), value]),
  );
  const { dataset_dir: given } = config.input;
  return {
    settings: settings as unknown as TrainingSettings,
    datasets: Array.isArray(given)
      ? given
      : [typeof given === "string" ? given : runPaths(directory).dataset],
    network: readRunNetwork(runPaths(directory).network),
  };
}

/** Writes `config.json`. What an earlier start recorded about repositories that are still named is kept. */
export function beginRun(directory: string, identity: RunIdentity, environment: RunEnvironment): RunConfig {
  const named = Object.values(identity.settings);
  const earlier = existsSync(join(directory, CONFIG_FILE)) ? readConfig(directory)?.repositories : undefined;
  const recorded = Object.entries(earlier ?? {}).filter(([name]) => named.includes(name));
  const repositories = recorded.length > 0 && { repositories: Object.fromEntries(recorded) };
  const config: RunConfig = { format: FORMAT, ...identity, ...repositories, ...environment };
  mkdirSync(directory, { recursive: true });
  writeFileAtomic(join(directory, CONFIG_FILE), JSON.stringify(config, null, 2) + "\n");
  return config;
}

/** Adds to `config.json` which commit of a repository a run uses. */
export function recordRepository(directory: string, name: string, commit: string | undefined): void {
  const config = readConfig(directory);
  if (config === undefined || commit === undefined) return;
  const repositories = { ...config.repositories, [name]: commit };
  writeFileAtomic(join(directory, CONFIG_FILE), JSON.stringify({ ...config, repositories }, null, 2) + "\n");
}

/** Adds to `config.json` what a run goes on with, where that is not what it had until now. */
export function continueRun(
  directory: string,
  config: RunConfig,
  { settings }: RunIdentity,
  environment: RunEnvironment,
): void {
  const free = Object.fromEntries(FREE_SETTINGS.map((name) => [name, settings[name] ?? null]));
  const until = config.continued?.at(-1) ?? config;
  const isSameNow = until.deno === environment.deno && until.device.kind === environment.device.kind &&
    isDeepStrictEqual(until.device.choices, environment.device.choices) &&
    FREE_SETTINGS.every((name) => (until.settings[name] ?? null) === free[name]);
  if (isSameNow) return;
  const step = latestCheckpoint(runPaths(directory).checkpoints)?.step ?? 0;
  const continued = [...config.continued ?? [], { step, settings: free, ...environment }];
  writeFileAtomic(join(directory, CONFIG_FILE), JSON.stringify({ ...config, continued }, null, 2) + "\n");
}

/** Takes `config.json` away again when the first stage has failed. */
export function abandonRun(directory: string): void {
  if (entries(directory).every((name) => name === CONFIG_FILE)) {
    rmSync(join(directory, CONFIG_FILE), { force: true });
  }
}

/** What stands in a run directory, without what killed runs left unfinished. */
function entries(directory: string): string[] {
  return existsSync(directory)
    ? readdirSync(directory).filter((name) =>
      name !== LOCK_FILE && !/\.partial(-journal|-wal|-shm)?$/.test(name)
    )
    : [];
}

function readConfig(directory: string, remedy = "give another --output-dir"): RunConfig | undefined {
  const path = join(directory, CONFIG_FILE);
  if (!existsSync(path)) {
    if (entries(directory).length === 0) return undefined;
    throw new UserError(`${directory}: holds files, but no run (no config.json); ${remedy}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && "format" in value && value.format === FORMAT) {
    return value as RunConfig;
  }
  throw new UserError(`${path}: not the configuration of a run of this version; ${remedy}`);
}

function described(name: string, value: RunInput[string] | undefined): string {
  if (value === undefined || value === null) return `no ${optionOf(name)}`;
  if (value === true) return optionOf(name);
  if (value === false) return `no ${optionOf(name)}`;
  return `${optionOf(name)} ${value}`;
}
