import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { elementCount, SafetensorsError, SafetensorsFile, writeSafetensors } from "@lukeforge/model";
import { removeDirectory, writeDirectoryAtomic } from "./atomic_directory.ts";
import type { StoredNetwork } from "./trainable_network.ts";
import { parseTrainerState, type TrainerState } from "./trainer_state.ts";

/** Parameters by Hugging Face name. */
const MODEL_FILE = "model.safetensors";
/** `exp_avg.NAME` and `exp_avg_sq.NAME` of the parameters that are trained. */
const OPTIMIZER_FILE = "optimizer.safetensors";
/** In the optimizer's file, at f16: the scale and the updates since it changed. */
const LOSS_SCALE = "loss_scale";
/** A {@linkcode TrainerState}. */
const STATE_FILE = "trainer_state.json";

/** A finished checkpoint. */
export interface Checkpoint {
  /** Updates made before it was taken. */
  readonly step: number;
  /** Its directory, `…/checkpoints/step-N`. */
  readonly path: string;
}

/**
 * Writes `directory/step-N/`: everything goes to `step-N.partial/`, is flushed, and appears under its name at once. Then all but
 * the `keep` newest checkpoints are removed.
 *
 * @returns the checkpoint's directory.
 */
export async function writeCheckpoint(
  directory: string,
  network: StoredNetwork,
  state: TrainerState,
  keep?: number,
): Promise<string> {
  const path = join(directory, `step-${state.step}`);
  await writeDirectoryAtomic(path, async (partial) => {
    const shapes = network.parameterShapes;
    writeArrays(join(partial, MODEL_FILE), await network.readParameters(), shapes);
    const { expAvg, expAvgSq, lossScale } = await network.readOptimizerState();
    const moments = new Map<string, Float32Array>();
    for (const [name, values] of expAvg) moments.set(`exp_avg.${name}`, values);
    for (const [name, values] of expAvgSq) moments.set(`exp_avg_sq.${name}`, values);
    if (lossScale) moments.set(LOSS_SCALE, Float32Array.of(lossScale.scale, lossScale.updates));
    writeArrays(join(partial, OPTIMIZER_FILE), moments, shapes);
    writeFileAtomic(join(partial, STATE_FILE), JSON.stringify(state, null, 2) + "\n");
  });
  removeOldCheckpoints(directory, keep);
  return path;
}

/** Removes all but the `keep` newest checkpoints, at least one. */
export function removeOldCheckpoints(directory: string, keep = 2): void {
  for (const old of listCheckpoints(directory).slice(0, -Math.max(1, keep))) removeDirectory(old.path);
}

/** Finished checkpoints in a directory, by increasing step (9 before 10); none when there is no directory. */
export function listCheckpoints(directory: string): Checkpoint[] {
  return entriesOf(directory).flatMap((name) => {
    const digits = /^step-(\d+)$/.exec(name)?.[1];
    return digits === undefined ? [] : [{ step: Number(digits), path: join(directory, name) }];
  }).sort((a, b) => a.step - b.step);
}

/** The finished checkpoint of the highest step. */
export function latestCheckpoint(directory: string): Checkpoint | undefined {
  return listCheckpoints(directory).at(-1);
}

/** Removes what killed runs left unfinished. */
export function removePartialCheckpoints(directory: string): void {
  for (const name of entriesOf(directory)) {
    if (/^step-\d+(\.old)?\.partial$/.test(name)) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
  }
}

/** Removes the checkpoints beyond a step that a run goes back to, newest first. */
export function removeCheckpointsAfter(directory: string, step: number): void {
  for (const checkpoint of listCheckpoints(directory).reverse()) {
    if (checkpoint.step > step) removeDirectory(checkpoint.path);
  }
}

/** Reads the state of a checkpoint. @throws {UserError} naming the file when it is missing or not valid. */
export function readTrainerState(path: string): TrainerState {
  const file = join(path, STATE_FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); ${remedy(path)}`,
    );
  }
  const state = parseTrainerState(text);
  if (typeof state === "string") throw new UserError(`${file}: ${state}; ${remedy(path)}`);
  return state;
}

/**
 * Puts parameters, optimizer state and trainer state of a checkpoint back, for a run that continues.
 *
 * @returns where the run stood.
 * @throws {UserError} naming the file when a part is missing, cut, or of another network.
 */
export async function readCheckpoint(path: string, network: StoredNetwork): Promise<TrainerState> {
  const state = readTrainerState(path);
  await readCheckpointParameters(path, network);
  const shapes = new Map([...network.parameterShapes, [LOSS_SCALE, [2]]]);
  const moments = readArrays(path, OPTIMIZER_FILE, shapes);
  const [scale, updates] = moments.get(LOSS_SCALE) ?? [];
  moments.delete(LOSS_SCALE);
  const expAvg = new Map<string, Float32Array>();
  const expAvgSq = new Map<string, Float32Array>();
  for (const [name, values] of moments) {
    const [moment, parameter] = splitMoment(name);
    (moment === "exp_avg" ? expAvg : expAvgSq).set(parameter, values);
  }
  for (const name of new Set([...expAvg.keys(), ...expAvgSq.keys()])) {
    if (!expAvg.has(name) || !expAvgSq.has(name)) {
      throw new UserError(`${join(path, OPTIMIZER_FILE)}: holds one moment of ${name} only; ${remedy(path)}`);
    }
  }
  await network.writeOptimizerState(
    {
      expAvg,
      expAvgSq,
      ...(scale !== undefined && updates !== undefined && { lossScale: { scale, updates } }),
    },
    state.step,
  );
  return state;
}

/**
 * Puts the parameters of a checkpoint into a network and nothing else: the second stage of LUKE's pretraining begins with the
 * weights of the first, a fresh optimizer and step 0.
 *
 * @throws {UserError} naming the file when it is missing, cut, or of another network.
 */
export async function readCheckpointParameters(path: string, network: StoredNetwork): Promise<void> {
  const parameters = readArrays(path, MODEL_FILE, network.parameterShapes);
  for (const name of network.parameterShapes.keys()) {
    if (!parameters.has(name)) {
      throw new UserError(
        `${
          join(path, MODEL_FILE)
        }: lacks parameter ${name} of this network; use the options that the run was started with`,
      );
    }
  }
  await network.writeParameters(parameters);
}

function writeArrays(
  path: string,
  arrays: ReadonlyMap<string, Float32Array>,
  shapes: ReadonlyMap<string, readonly number[]>,
): void {
  const tensors = new Map(
    [...arrays].map((
      [name, data],
    ) => [name, { shape: shapes.get(parameterOf(name)) ?? [data.length], data }]),
  );
  writeSafetensors(path, tensors);
}

function readArrays(
  path: string,
  name: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, Float32Array> {
  try {
    using file = SafetensorsFile.open(join(path, name));
    const arrays = new Map<string, Float32Array>();
    for (const [tensor, { shape }] of file.entries) {
      const expected = shapes.get(parameterOf(tensor));
      if (expected === undefined || String(expected) !== String(shape)) {
        const ours = expected === undefined
          ? "does not have it"
          : `has shape [${expected}] (${elementCount(expected)})`;
        throw new UserError(
          `${file.path}: tensor ${tensor} of shape [${shape}], but this network ${ours}; ` +
            "use the options that the run was started with",
        );
      }
      arrays.set(tensor, file.readFloat32(tensor));
    }
    return arrays;
  } catch (error) {
    if (error instanceof SafetensorsError) throw new UserError(`${error.message}; ${remedy(path)}`);
    throw error;
  }
}

/** `exp_avg.NAME` → ["exp_avg", "NAME"]; a parameter's own name has no moment. */
function splitMoment(name: string): [moment: string, parameter: string] {
  const match = /^(exp_avg|exp_avg_sq)\.(.*)$/.exec(name);
  return [match?.[1] ?? "", match?.[2] ?? name];
}

function parameterOf(name: string): string {
  return splitMoment(name)[1];
}

function remedy(path: string): string {
  return `the checkpoint is not usable: remove ${path} and resume from an earlier one`;
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
