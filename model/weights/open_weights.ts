import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { StoredBytes } from "./stored_bytes.ts";
import { SafetensorsFile } from "./safetensors_file.ts";
import { openShards } from "./sharded_weights.ts";
import type { StoredWeights } from "./stored_tensor.ts";
import { torchLegacyTensors } from "./torch_legacy.ts";
import { torchZipTensors } from "./torch_zip.ts";
import { isArchive, WeightsArchive } from "./weights_archive.ts";
import { WeightsError } from "./weights_error.ts";
import { WeightsFile } from "./weights_file.ts";

/** What a directory or an archive is searched for, the first that exists wins: transformers' order, then DeepSpeed's. */
const FILES = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
  "mp_rank_00_model_states.pt",
];

/**
 * Opens weights for reading: a file of any known format, told by its content, or a directory. Of a directory, the first of
 * `model.safetensors`, its index of shards, `pytorch_model.bin`, its index (transformers' order), DeepSpeed's
 * `mp_rank_00_model_states.pt`, and the checkpoint that `latest` names, in it or in `checkpoints/`, is taken. Headers are read at
 * once, tensors when they are asked for; no code of a file is run.
 *
 * @throws {WeightsError} naming the file and the place when there are no weights, or they are damaged or of an unknown format.
 */
export function openWeights(path: string): StoredWeights {
  const weights = openFile(isDirectory(path) ? fileIn(path) : path);
  const { format, tensors } = weights;
  return { path, format, tensors, [Symbol.dispose]: () => weights[Symbol.dispose]() };
}

function openFile(path: string): StoredWeights {
  // A shard is no index, so that no chain of them leads back.
  if (path.endsWith(".index.json")) return openShards(path, (shard) => openBytes(new WeightsFile(shard)));
  if (isArchive(path)) return openArchivedWeights(new WeightsArchive(path));
  return openBytes(new WeightsFile(path));
}

/** The weights in an archive, which is closed with them. @throws {WeightsError} when there are none, or they are damaged. */
export function openArchivedWeights(archive: WeightsArchive): StoredWeights {
  const { path } = archive;
  const dispose = (): void => archive[Symbol.dispose]();
  try {
    const file = FILES.flatMap((name) => name.endsWith(".json") ? [] : archive.files.get(name) ?? [])[0];
    if (file === undefined) {
      throw new WeightsError(`${path}: an archive without weights; looked for ${FILES.join(", ")}`);
    }
    const weights = openBytes({ ...file, [Symbol.dispose]: dispose });
    return {
      path,
      format: `${weights.format} in an archive`,
      tensors: weights.tensors,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Opens a file of weights that is not an archive or an index, told by its content; it is closed when the weights are, or this throws.
 *
 * @throws {WeightsError} as {@linkcode openWeights}.
 */
export function openBytes(file: StoredBytes & Disposable): StoredWeights {
  try {
    const head = file.read(0, Math.min(64, file.size));
    const text = String.fromCharCode(...head);
    const opened = (format: string, tensors: StoredWeights["tensors"]): StoredWeights => ({
      path: file.path,
      format,
      tensors,
      [Symbol.dispose]: () => file[Symbol.dispose](),
    });
    // The length of a safetensors header may begin with any bytes, those of a pickle or of a zip file too.
    if (text.slice(4, 9) !== "\0\0\0\0{") {
      if (text.startsWith("PK")) return opened("PyTorch zip", torchZipTensors(file));
      if (text.startsWith("\x80")) return opened("PyTorch before 1.6", torchLegacyTensors(file));
    }
    if (text.startsWith("version https://git-lfs")) {
      throw new WeightsError(
        `${file.path}: stands for a file that Git LFS keeps elsewhere; fetch it with git lfs pull`,
      );
    }
    if (text.startsWith("\x89HDF")) {
      throw new WeightsError(
        `${file.path}: weights of TensorFlow; save them from transformers with from_tf=True first`,
      );
    }
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
  return SafetensorsFile.from(file);
}

function fileIn(directory: string): string {
  const names = FILES.map((name) => join(directory, name));
  const found = names.find((path) => existsSync(path)) ?? latestIn(directory) ??
    latestIn(join(directory, "checkpoints"));
  if (found !== undefined) return found;
  const other = existsSync(directory)
    ? readdirSync(directory).find((name) => /\.(safetensors|bin|pt)$/.test(name))
    : undefined;
  const hint = other === undefined
    ? ""
    : `; name the file to open another one, such as ${join(directory, other)}`;
  throw new WeightsError(`${directory}: holds no weights: looked for ${FILES.join(", ")} and latest${hint}`);
}

/** The checkpoint that DeepSpeed's `latest` names, a directory beside it. */
function latestIn(directory: string): string | undefined {
  const latest = join(directory, "latest");
  if (!(statSync(latest, { throwIfNoEntry: false })?.isFile() ?? false)) return undefined;
  const tag = beginning(latest);
  if (!/^[^/\\:\0]+$/.test(tag) || tag === "." || tag === "..") {
    throw new WeightsError(`${latest}: names ${JSON.stringify(tag)}, which is not a directory beside it`);
  }
  const path = join(directory, tag, "mp_rank_00_model_states.pt");
  if (existsSync(path)) return path;
  const parts = join(directory, tag, "zero_pp_rank_0_mp_rank_00_model_states.pt");
  throw new WeightsError(
    existsSync(parts)
      ? `${parts}: ZeRO stage 3 keeps weights in parts; put them together with DeepSpeed's zero_to_fp32.py`
      : `${latest}: names ${tag}, where there is no mp_rank_00_model_states.pt`,
  );
}

/** What a short text file holds. */
function beginning(path: string): string {
  using file = new WeightsFile(path);
  return new TextDecoder().decode(file.read(0, Math.min(1000, file.size))).trim();
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
