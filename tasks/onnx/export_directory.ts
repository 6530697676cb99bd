import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { commitRename, syncFile, UserError, writeFileAtomic } from "@lukeforge/corpus";
import {
  type ByteSource,
  exportOnnx,
  type OnnxExport,
  type OnnxExportOptions,
  type OnnxTask,
  type OpenedModel,
  WeightsError,
} from "@lukeforge/model";
import { TOKENIZER_FILES } from "../hub/needed_files.ts";
import type { ProgressCallback } from "../progress.ts";

/** How a directory with an ONNX model is written. */
export interface OnnxDirectoryOptions extends Omit<OnnxExportOptions, "task" | "dataFile"> {
  /** What the model computes; told by its architecture unless given. */
  readonly task?: OnnxTask;
}

/** What was written. */
export interface OnnxDirectory {
  /** The model's file. */
  readonly path: string;
  /** What it computes. */
  readonly task: OnnxTask;
  /** Its inputs, outputs and sizes. */
  readonly files: OnnxExport;
}

/**
 * Writes a model as ONNX the way transformers.js and optimum look for it: `onnx/model.onnx` (`onnx/model_fp16.onnx` for f16), beside
 * it `….onnx_data` where the weights do not fit; above them `config.json`, the tokenizer's files and the entity vocabulary. The
 * directory may be the model's own, or one that has the model in another type. The model's file appears last.
 *
 * @param progress takes the megabytes written, and those of all weights.
 * @throws {UserError} when the model's file is there already, the directory has another configuration, or the architecture has a
 * head that cannot be exported.
 * @throws {WeightsError} when tensors do not go with the configuration or hold values that are no numbers.
 */
export function exportOnnxDirectory(
  model: OpenedModel,
  output: string,
  { task = taskOf(model), ...options }: OnnxDirectoryOptions = {},
  progress: ProgressCallback = () => {},
): OnnxDirectory {
  checkWeights(model);
  const name = options.dtype === "f16" ? "model_fp16.onnx" : "model.onnx";
  const dataFile = `${name}_data`;
  const path = join(output, "onnx", name);
  if (existsSync(path)) {
    throw new UserError(`${path}: exists already; remove it or name another directory`);
  }
  const files = exportOnnx(model, { ...options, task, dataFile });
  const settings = changedSettings(model, output, files.data ? name : undefined);
  const { tokenizerPath, entityVocabPath } = model;
  const beside = [
    ...(tokenizerPath === undefined ? [] : TOKENIZER_FILES.map((file) => join(tokenizerPath, file))),
    ...(entityVocabPath === undefined ? [] : [entityVocabPath]),
  ].filter((file) => isNewIn(output, file));

  const total = (files.model.length + (files.data?.length ?? 0)) / 1e6;
  let done = 0;
  const write = (to: string, source: ByteSource): void =>
    writeFileAtomic(to, watched(source, (bytes) => progress((done += bytes) / 1e6, total)));
  const made = mkdirSync(join(output, "onnx"), { recursive: true });
  try {
    // Megabytes, so that the sum stays exact enough to be shown.
    if (files.data) write(join(output, "onnx", dataFile), files.data);
    write(path, files.model);
    for (const file of beside) copyInto(output, file);
    if (settings !== undefined) writeObject(join(output, "config.json"), settings);
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    throw error instanceof WeightsError ? new WeightsError(`${model.path}: ${error.message}`) : error;
  }
  return { path, task, files };
}

function* watched(source: ByteSource, progress: (bytes: number) => void): Generator<Uint8Array> {
  for (const chunk of source.chunks()) {
    yield chunk;
    progress(chunk.length);
  }
}

/** The task that goes with an architecture, or with the heads that a file without one has. */
function taskOf({ path, settings, tensors }: OpenedModel): OnnxTask {
  const { architectures } = settings;
  const [architecture]: readonly unknown[] = Array.isArray(architectures) ? architectures : [];
  if (typeof architecture !== "string") {
    return tensors.has("lm_head.dense.weight") ? "fill-mask" : "feature-extraction";
  }
  if (/(ForMaskedLM|ForPreTraining|LMHeadModel)$/.test(architecture)) return "fill-mask";
  if (architecture.endsWith("Model")) return "feature-extraction";
  throw new UserError(
    `${path}: is a ${architecture}, whose head cannot be exported; --task feature-extraction exports its encoder`,
  );
}

function checkWeights({ path, report: { unexpected, misshapen } }: OpenedModel): void {
  const faults = [
    ...unexpected.map((name) => `${name} is not known`),
    ...misshapen.map(({ name, found, expected }) =>
      `${name} is [${found.join(", ")}], not [${expected.join(", ")}]`
    ),
  ];
  if (faults.length === 0) return;
  const more = faults.length > 5 ? ` and ${faults.length - 5} more` : "";
  throw new UserError(
    `${path}: the weights are not those of the configuration: ${
      faults.slice(0, 5).join("; ")
    }${more}; use the ` +
      "config.json that belongs to them",
  );
}

const TRANSFORMERS_JS = "transformers.js_config";

/**
 * The configuration to write, undefined where it is there already; transformers.js wants to be told which models have their weights
 * beside them.
 */
function changedSettings(
  model: OpenedModel,
  output: string,
  withData: string | undefined,
): Record<string, unknown> | undefined {
  const path = join(output, "config.json");
  const known = existsSync(path) ? readObject(path) : undefined;
  const settings = { ...model.settings, model_type: model.modelType };
  if (known !== undefined && !isDeepStrictEqual(withoutNote(known), withoutNote(settings))) {
    throw new UserError(`${path}: is the configuration of another model; name another directory`);
  }
  if (withData === undefined) return known === undefined ? settings : undefined;
  const before = objectIn(known ?? settings, TRANSFORMERS_JS);
  const formats = objectIn(before, "use_external_data_format");
  if (formats[withData] === true) return undefined;
  const note = { ...before, use_external_data_format: { ...formats, [withData]: true } };
  return { ...settings, [TRANSFORMERS_JS]: note };
}

function withoutNote(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { [TRANSFORMERS_JS]: _, ...rest } = settings;
  return rest;
}

function objectIn(settings: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const value = settings[key];
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function readObject(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(
      `${path}: is not JSON (${(error as Error).message}); restore it or name another directory`,
    );
  }
}

function writeObject(path: string, value: Readonly<Record<string, unknown>>): void {
  writeFileAtomic(path, JSON.stringify(value, null, 2) + "\n");
}

/**
 * Whether a file is to be copied to a directory: there is one, and not there yet.
 *
 * @throws {UserError} when another one of its name is there.
 */
function isNewIn(directory: string, file: string): boolean {
  if (!existsSync(file)) return false;
  const to = join(directory, basename(file));
  if (!existsSync(to)) return true;
  if (realpathSync(file) === realpathSync(to) || readFileSync(file).equals(readFileSync(to))) return false;
  throw new UserError(`${to}: is there already, and not the model's; name another directory`);
}

function copyInto(directory: string, file: string): void {
  const to = join(directory, basename(file));
  copyFileSync(file, `${to}.partial`);
  syncFile(`${to}.partial`);
  commitRename(`${to}.partial`, to);
}
