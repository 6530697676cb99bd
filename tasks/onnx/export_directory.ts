import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
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
  mkdirSync(join(output, "onnx"), { recursive: true });
  writeSettings(model, output, files.data ? name : undefined);
  const { tokenizerPath, entityVocabPath } = model;
  if (tokenizerPath !== undefined) {
    for (const file of TOKENIZER_FILES) copyBeside(join(tokenizerPath, file), output);
  }
  if (entityVocabPath !== undefined) copyBeside(entityVocabPath, output);

  const total = (files.model.length + (files.data?.length ?? 0)) / 1e6;
  let done = 0;
  const write = (to: string, source: ByteSource): void =>
    writeFileAtomic(to, watched(source, (bytes) => progress((done += bytes) / 1e6, total)));
  // Megabytes, so that the sum stays exact enough to be shown.
  if (files.data) write(join(output, "onnx", dataFile), files.data);
  write(path, files.model);
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

/** Writes the configuration unless it is there; transformers.js wants to be told which models have their weights beside them. */
function writeSettings(model: OpenedModel, output: string, withData: string | undefined): void {
  const path = join(output, "config.json");
  const known = existsSync(path) ? readObject(path) : undefined;
  const settings = { ...model.settings, model_type: model.modelType };
  if (known !== undefined && !isDeepStrictEqual(withoutNote(known), withoutNote(settings))) {
    throw new UserError(`${path}: is the configuration of another model; name another directory`);
  }
  const before = objectIn(known ?? settings, TRANSFORMERS_JS);
  const formats = objectIn(before, "use_external_data_format");
  if (withData === undefined) {
    if (known === undefined) writeObject(path, settings);
  } else if (formats[withData] !== true) {
    const note = { ...before, use_external_data_format: { ...formats, [withData]: true } };
    writeObject(path, { ...settings, [TRANSFORMERS_JS]: note });
  }
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

/** Copies a file, if there is one, unless it lies there already. */
function copyBeside(from: string, directory: string): void {
  const to = join(directory, basename(from));
  if (!existsSync(from) || existsSync(to) && realpathSync(from) === realpathSync(to)) return;
  copyFileSync(from, `${to}.partial`);
  syncFile(`${to}.partial`);
  commitRename(`${to}.partial`, to);
}
