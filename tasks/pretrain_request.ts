import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { sampleDumpPath, UserError } from "@lukeforge/corpus";
import { snakeCase } from "./name_case.ts";
import { CORPUS_DEFAULTS, SAMPLE_DEFAULTS } from "./pretrain_defaults.ts";
import {
  checkMasksEntities,
  type GivenSettings,
  type PretrainSettings,
  resolveSettings,
  type TrainingSettings,
  withoutCorpusSettings,
} from "./pretrain_settings.ts";
import type { RunIdentity, RunInput, SettingValue } from "./run_directory.ts";
import { startingDefaults, type StartingModel } from "./starting_model.ts";

/** What `pretrain` reads: a dump (undefined: the built-in sample), or datasets built before. */
export type PretrainInput =
  | { readonly dump?: string; readonly language?: string }
  | { readonly datasetDirs: readonly string[]; readonly heldOutDatasetDirs: readonly string[] };

/** How `pretrain` is started. */
export interface PretrainRequest {
  /** What is read. */
  readonly input: PretrainInput;
  /** The run directory. */
  readonly outputDir: string;
  /** What differs from the defaults. */
  readonly given: GivenSettings;
  /** Threads of the cpu device. They do not change the results. */
  readonly threads?: number;
  /** Threads that prepare batches; 0: the training's own. They do not change the results. */
  readonly dataWorkers?: number;
  /** Micro-batches that each of them makes ahead. */
  readonly dataPrefetch?: number;
  /** Where downloads of the model hub are kept (default: Hugging Face's cache). */
  readonly cacheDir?: string;
  /** Bytes that the network may take on the device, where the device does not tell, or not all of it is to be taken. */
  readonly deviceMemory?: number;
}

/**
 * Where a run goes when nobody says: `runs/sample`, or `runs/` and the dump's name without `.xml.bz2` and the like.
 *
 * @throws {UserError} for a dataset, whose runs are the user's to name.
 */
export function defaultRunDirectory(input: PretrainInput): string {
  if ("datasetDirs" in input) throw new UserError("--output-dir: is missing; name a directory for the run");
  if (input.dump === undefined) return join("runs", "sample");
  return join("runs", basename(input.dump).replace(/\.(gz|bz2)$/, "").replace(/\.xml$/, ""));
}

/**
 * Everything that tells this run from another one, and its settings with all defaults. `start` is the model that it starts from.
 *
 * @throws {UserError} when the input is missing or options contradict each other.
 */
export function identifyRun(
  { input, given }: PretrainRequest,
  start?: StartingModel,
): { identity: RunIdentity; settings: PretrainSettings } {
  const resolve = (defaults: PretrainSettings): PretrainSettings =>
    resolveSettings(given, start === undefined ? defaults : startingDefaults(start, defaults));
  if ("datasetDirs" in input) {
    const settings = resolve(CORPUS_DEFAULTS);
    const { datasetDirs, heldOutDatasetDirs } = input;
    return {
      settings,
      identity: {
        input: {
          dataset_dir: oneOrAll(datasetDirs),
          dataset_modified: oneOrAll(datasetDirs.map(modificationTime)),
          held_out_dataset_dir: oneOrAll(heldOutDatasetDirs),
        },
        settings: inSnakeCase(withoutCorpusSettings(given, settings)),
      },
    };
  }
  const dump = input.dump ?? sampleDumpPath();
  const stat = statSync(dump, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new UserError(
      `${dump}: no such file; check the path, or download a pages-articles dump from https://dumps.wikimedia.org`,
    );
  }
  const settings = resolve(input.dump === undefined ? SAMPLE_DEFAULTS : CORPUS_DEFAULTS);
  checkMasksEntities(settings); // a dump has links
  return {
    settings,
    identity: {
      input: {
        dump: input.dump ?? "built-in sample",
        dump_size: stat.size,
        dump_modified: stat.mtime.toISOString(),
        language: input.language ?? null,
      },
      settings: inSnakeCase(settings),
    },
  };
}

function modificationTime(datasetDir: string): string {
  const metadata = join(datasetDir, "metadata.json");
  const stat = statSync(metadata, { throwIfNoEntry: false });
  if (stat !== undefined) return stat.mtime.toISOString();
  throw new UserError(
    `${metadata}: no such file; give a directory that build-wikipedia-pretraining-dataset made`,
  );
}

/** A single value stands for itself. */
function oneOrAll(values: readonly string[]): RunInput[string] {
  return values.length > 1 ? values : values[0] ?? null;
}

function inSnakeCase(settings: PretrainSettings | TrainingSettings): Record<string, SettingValue> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]): [string, SettingValue] => [snakeCase(name), value]),
  );
}
