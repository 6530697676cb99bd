import type { StoredBytes } from "./stored_bytes.ts";
import { BYTES_PER_ELEMENT, isCount } from "./element_types.ts";
import { readPickle } from "./pickle.ts";
import { kindOf, type PickleValue } from "./pickle_value.ts";
import type { StoredDType, StoredTensor } from "./stored_tensor.ts";
import { TORCH_GLOBALS, type TorchStorage, torchStorage } from "./torch_globals.ts";
import { stateDictTensors, type StoragePlace } from "./torch_state.ts";
import { WeightsError } from "./weights_error.ts";

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/**
 * The tensors of a file that `torch.save` wrote before PyTorch 1.6: pickles of a magic number, a version, facts about the machine,
 * the object and the keys of its storages, then of each storage its number of elements and these.
 *
 * @throws {WeightsError} when the file is damaged, not such a file, from a big-endian machine, or a pickle names what tensors do
 * not need.
 */
export function torchLegacyTensors(file: StoredBytes): Map<string, StoredTensor> {
  const storages = new Map<string, TorchStorage>();
  const remember = (id: readonly PickleValue[]): TorchStorage | undefined => {
    const storage = torchStorage(id);
    if (storage === undefined) return undefined;
    const known = storages.get(storage.key);
    if (known !== undefined && (known.dtype !== storage.dtype || known.length !== storage.length)) {
      return undefined;
    }
    storages.set(storage.key, storage);
    return storage;
  };
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(file, at, { globals: TORCH_GLOBALS, persistentLoad: remember });
    at = end;
    return value;
  };
  const magic = next();
  if (magic !== MAGIC_NUMBER) {
    throw new WeightsError(
      `${file.path}: a pickle of ${
        kindOf(magic)
      }, not of PyTorch weights; save them by torch.save(model.state_dict(), …)`,
    );
  }
  const version = next();
  if (version !== PROTOCOL_VERSION) {
    throw new WeightsError(`${file.path}: a PyTorch file of another protocol than ${PROTOCOL_VERSION}`);
  }
  const machine = next();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    throw new WeightsError(
      `${file.path}: was written on a big-endian machine; save it on a little-endian one`,
    );
  }
  const root = next();
  const keys = next();
  if (!Array.isArray(keys)) {
    throw new WeightsError(`${file.path}: has ${kindOf(keys)} where the keys of its storages belong`);
  }
  const places = new Map<string, StoragePlace>();
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key)) {
      throw new WeightsError(
        `${file.path}: byte ${at}: a storage that no tensor has, or for the second time`,
      );
    }
    const place = storageAt(file, at, storage.dtype ?? "U8");
    places.set(storage.key, place);
    at = place.position + place.size;
  }
  return stateDictTensors(file.path, root, ({ key }) => places.get(key));
}

function storageAt(file: StoredBytes, at: number, dtype: StoredDType): StoragePlace {
  const { buffer } = file.read(at, 8);
  const count = Number(new DataView(buffer).getBigInt64(0, true));
  const [position, size] = [at + 8, count * BYTES_PER_ELEMENT[dtype]];
  if (!isCount(count) || position + size > file.size) {
    throw new WeightsError(
      `${file.path}: byte ${at}: truncated: a storage of ${count} elements ends beyond the file's ${file.size} bytes`,
    );
  }
  return { source: file, position, size };
}
