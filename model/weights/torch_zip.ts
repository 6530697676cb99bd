import { partOf, type StoredBytes } from "./stored_bytes.ts";
import { readPickle } from "./pickle.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { TORCH_GLOBALS, torchStorage } from "./torch_globals.ts";
import { stateDictTensors } from "./torch_state.ts";
import { WeightsError } from "./weights_error.ts";
import { readZipDirectory } from "./zip_directory.ts";

/**
 * The tensors of a file that `torch.save` wrote since PyTorch 1.6: a zip file of `NAME/data.pkl` and a storage each under
 * `NAME/data/KEY`.
 *
 * @throws {WeightsError} when the file is damaged, no such file, from a big-endian machine, or its pickle names what tensors do not need.
 */
export function torchZipTensors(file: StoredBytes): Map<string, StoredTensor> {
  const entries = readZipDirectory(file);
  const pickles = [...entries].filter(([name]) => /^[^/]*\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new WeightsError(
      `${file.path}: a zip file with ${pickles.length} data.pkl, so not one of PyTorch weights`,
    );
  }
  const [name, { position, size }] = pickle;
  const prefix = name.slice(0, -"data.pkl".length);
  if (entries.has(`${prefix}constants.pkl`)) {
    throw new WeightsError(
      `${file.path}: holds a TorchScript program; save its weights by torch.save(model.state_dict(), …)`,
    );
  }
  const order = entries.get(`${prefix}byteorder`);
  if (
    order !== undefined &&
    new TextDecoder().decode(file.read(order.position, Math.min(order.size, 8))) !== "little"
  ) {
    throw new WeightsError(
      `${file.path}: was written on a big-endian machine; save it on a little-endian one`,
    );
  }
  const { value } = readPickle(partOf(file, file.path, position, size), 0, {
    globals: TORCH_GLOBALS,
    persistentLoad: torchStorage,
  });
  return stateDictTensors(file.path, value, ({ key }) => {
    const entry = entries.get(`${prefix}data/${key}`);
    return entry && { source: file, ...entry };
  });
}
