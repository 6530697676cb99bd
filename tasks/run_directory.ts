import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import type { Device } from "@lukeforge/model";
import { optionOf } from "./pretrain_settings.ts";

/** A value of an option, as JSON has it. */
export type SettingValue = string | number | boolean | null;

/** What makes a run what it is: the same in every start of it. */
export interface RunIdentity {
  /** What is read, with size and time of change. */
  readonly input: Readonly<Record<string, SettingValue>>;
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

/** `config.json` of a run directory. */
export interface RunConfig extends RunIdentity, RunEnvironment {
  readonly format: typeof FORMAT;
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
    checkpoints: join(directory, "checkpoints"),
    metrics: join(directory, "metrics.jsonl"),
    model: join(directory, "model"),
    predictions: join(directory, "predictions.txt"),
    results: join(directory, "results.json"),
    stageTimes: join(directory, "stages.jsonl"),
  };
}

/**
 * The configuration of the run that `directory` holds; undefined when it may be begun there. A run is bound to its options as
 * soon as it has finished a stage.
 *
 * @throws {UserError} when the directory holds something else, or a run from other options: the first that differs is named.
 */
export function openRun(directory: string, identity: RunIdentity): RunConfig | undefined {
  const config = readConfig(directory);
  if (config === undefined || !hasFinishedStage(directory)) return undefined;
  for (const part of ["input", "settings"] as const) {
    const names = new Set([...Object.keys(identity[part]), ...Object.keys(config[part])]);
    for (const name of names) {
      const before = config[part][name], now = identity[part][name];
      if (before === now) continue;
      throw new UserError(
        `${directory}: was made with ${described(name, before)}, not ${described(name, now)}; ` +
          "run with the options it was made with, or give another --output-dir",
      );
    }
  }
  return config;
}

/** Writes `config.json`. */
export function beginRun(directory: string, identity: RunIdentity, environment: RunEnvironment): RunConfig {
  const config: RunConfig = { format: FORMAT, ...identity, ...environment };
  mkdirSync(directory, { recursive: true });
  writeFileAtomic(join(directory, CONFIG_FILE), JSON.stringify(config, null, 2) + "\n");
  return config;
}

/** Takes `config.json`, and the directory if it is empty then, away again when the first stage has failed. */
export function abandonRun(directory: string): void {
  if (hasFinishedStage(directory)) return;
  rmSync(join(directory, CONFIG_FILE), { force: true });
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}

function hasFinishedStage(directory: string): boolean {
  return entries(directory).some((name) => name !== CONFIG_FILE);
}

/** What stands in a run directory, without what killed runs left unfinished. */
function entries(directory: string): string[] {
  return existsSync(directory)
    ? readdirSync(directory).filter((name) => !/\.partial(-journal|-wal|-shm)?$/.test(name))
    : [];
}

function readConfig(directory: string): RunConfig | undefined {
  const path = join(directory, CONFIG_FILE);
  if (!existsSync(path)) {
    if (entries(directory).length === 0) return undefined;
    throw new UserError(`${directory}: holds files, but no run (no config.json); give another --output-dir`);
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
  throw new UserError(`${path}: not the configuration of a run of this version; give another --output-dir`);
}

function described(name: string, value: SettingValue | undefined): string {
  if (value === undefined || value === null) return `no ${optionOf(name)}`;
  if (value === true) return optionOf(name);
  if (value === false) return `no ${optionOf(name)}`;
  return `${optionOf(name)} ${value}`;
}
