import { BYTES_PER_ELEMENT, isCount } from "./element_types.ts";
import { kindOf, type PickleDict, type PickleValue } from "./pickle_value.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { type Storage, TensorView } from "./tensor_view.ts";
import { type TorchStorage, TorchTensor } from "./torch_globals.ts";
import { WeightsError } from "./weights_error.ts";

/** Where state files keep the state dict: DeepSpeed, Lightning, and what people write. */
const STATE_DICT_KEYS = ["module", "state_dict", "model_state_dict", "model"];

/** Bytes of a storage in a file. */
export interface StoragePlace {
  /** The file or part of it. */
  readonly source: Storage["source"];
  /** First byte. */
  readonly position: number;
  /** Number of bytes. */
  readonly size: number;
}

/**
 * The tensors of what a PyTorch file holds: a state dict, or a dictionary with one under a well-known key. What else lies beside
 * tensors is passed over.
 *
 * @param path the file, for messages.
 * @param locate finds the bytes of a storage; undefined when the file lacks it.
 * @throws {WeightsError} when there is no tensor, a storage is missing or shorter than it says, or a tensor reaches beyond its own.
 */
export function stateDictTensors(
  path: string,
  root: PickleValue,
  locate: (storage: TorchStorage) => StoragePlace | undefined,
): Map<string, StoredTensor> {
  const stateDict = findStateDict(root);
  if (stateDict === undefined) {
    throw new WeightsError(
      `${path}: holds ${kindOf(root)} without tensors by name where a state dict is expected; ` +
        "save the weights by torch.save(model.state_dict(), …)",
    );
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of stateDict) {
    if (typeof name === "string" && value instanceof TorchTensor) {
      tensors.set(name, storedTensor(`${path}: tensor ${name.slice(0, 200)}`, value, locate));
    }
  }
  return tensors;
}

function findStateDict(root: PickleValue): PickleDict | undefined {
  if (!(root instanceof Map)) return undefined;
  for (const key of STATE_DICT_KEYS) {
    const value = root.get(key);
    if (value instanceof Map && holdsTensors(value)) return value;
  }
  return holdsTensors(root) ? root : undefined;
}

function holdsTensors(dict: PickleDict): boolean {
  for (const [name, value] of dict) if (typeof name === "string" && value instanceof TorchTensor) return true;
  return false;
}

function storedTensor(
  where: string,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  locate: (storage: TorchStorage) => StoragePlace | undefined,
): StoredTensor {
  const { key, length, view } = storage;
  if (
    !isCount(length) || !isCount(view.offset) || !isCount(view.length) || view.offset + view.length > length
  ) {
    throw new WeightsError(
      `${where}: its storage has ${length} elements, of which ${view.length} at ${view.offset}`,
    );
  }
  const bytes = locate(storage);
  if (bytes === undefined) {
    throw new WeightsError(`${where}: its storage ${key.slice(0, 100)} is not in the file`);
  }
  const unit = storage.dtype === undefined ? 1 : BYTES_PER_ELEMENT[storage.dtype];
  if (length * unit > bytes.size) {
    throw new WeightsError(
      `${where}: its storage ${key.slice(0, 100)} has ${bytes.size} bytes, ${
        length * unit
      } are said to be there`,
    );
  }
  const elements: Storage = {
    source: bytes.source,
    position: bytes.position + view.offset * unit,
    dtype,
    length: Math.floor(view.length * unit / BYTES_PER_ELEMENT[dtype]),
  };
  if (!isCount(offset) || !shape.every(isCount) || !strides.every(isCount)) {
    throw new WeightsError(`${where}: its sizes, strides and offset are not all counts`);
  }
  try {
    return new TensorView(elements, shape, offset, strides);
  } catch (error) {
    if (error instanceof RangeError) throw new WeightsError(`${where}: ${error.message}`);
    throw error;
  }
}
