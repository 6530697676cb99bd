import type { Format } from "../ops/half/format.ts";
import { BYTES_PER_ELEMENT, elementCount, encodeFloats } from "./element_types.ts";
import type { StoredTensor } from "./stored_tensor.ts";
import { rowMajorStrides } from "./tensor_view.ts";
import { floatPieces, SAFETENSORS_TYPES } from "./write_weights.ts";
import { writeAtomically } from "./write_atomically.ts";
import { ZipWriter } from "./zip_writer.ts";

/** How weights are written as a PyTorch file. */
export interface WriteTorchWeightsOptions {
  /** Element type of every tensor. Default f32. */
  readonly dtype?: Format;
  /** Puts the state dict under this key of a dictionary: `module`, as DeepSpeed does. */
  readonly key?: string;
  /** Called with the bytes written, and the bytes of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

const STORAGE_CLASSES = { f32: "FloatStorage", f16: "HalfStorage", bf16: "BFloat16Storage" } as const;
/** PyTorch's. Small entries need no alignment, but it gives it to them. */
const ALIGNMENT = 64;

/**
 * Writes tensors as `torch.save(state_dict)` does since PyTorch 1.6, for `torch.load(…, weights_only=True)`: a zip file of a pickled
 * OrderedDict and a storage a tensor. A tensor under several names (tied weights) has one storage. Tensors are read in pieces of
 * 4 MiB; the file appears when it is complete and flushed.
 *
 * @throws {WeightsError} when a value does not fit f16, naming tensor and index.
 */
export function writeTorchWeights(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  { dtype = "f32", key, onProgress }: WriteTorchWeightsOptions = {},
): void {
  const storages = new Map<StoredTensor, { key: string; name: string }>();
  for (const [name, tensor] of tensors) {
    if (!storages.has(tensor)) storages.set(tensor, { key: String(storages.size), name });
  }
  const unit = BYTES_PER_ELEMENT[SAFETENSORS_TYPES[dtype]];
  const sizeOf = ({ shape }: StoredTensor): number => elementCount(shape) * unit;
  const total = [...storages.keys()].reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  let done = 0;
  writeAtomically(path, (handle) => {
    const zip = new ZipWriter(handle);
    const add = (name: string, content: Uint8Array): void => {
      zip.add(`archive/${name}`, content.length, [content], ALIGNMENT);
    };
    add("data.pkl", pickledStateDict(tensors, (tensor) => storages.get(tensor)?.key ?? "", dtype, key));
    add(".format_version", text("1"));
    add(".storage_alignment", text(String(ALIGNMENT)));
    add("byteorder", text("little"));
    for (const [tensor, { key, name }] of storages) {
      const pieces = floatPieces(name, tensor, dtype, (bytes) => onProgress?.(done += bytes, total));
      const encoded = pieces.map((floats) => encodeFloats(SAFETENSORS_TYPES[dtype], floats));
      zip.add(`archive/data/${key}`, sizeOf(tensor), encoded, ALIGNMENT);
    }
    add("version", text("3\n"));
    zip.finish();
  });
}

/** The pickle, of protocol 2, of an OrderedDict of tensors. */
function pickledStateDict(
  tensors: ReadonlyMap<string, StoredTensor>,
  storageKey: (tensor: StoredTensor) => string,
  dtype: Format,
  key: string | undefined,
): Uint8Array {
  const bytes: number[] = [0x80, 2];
  const put = (...opcodes: number[]): void => void bytes.push(...opcodes);
  const global = (module: string, name: string): void => put(0x63, ...text(`${module}\n${name}\n`));
  const string = (value: string): void => {
    const utf8 = text(value);
    put(0x58, ...littleEndian(utf8.length, 4), ...utf8);
  };
  /** Up to 2³¹ in the usual form, then as eight bytes of any integer. */
  const integer = (value: number): void =>
    value < 2 ** 31 ? put(0x4a, ...littleEndian(value, 4)) : put(0x8a, 8, ...littleEndian(value, 8));
  const tuple = (values: readonly number[]): void => {
    put(0x28);
    values.forEach(integer);
    put(0x74);
  };
  const orderedDict = (): void => {
    global("collections", "OrderedDict");
    put(0x29, 0x52);
  };
  if (key !== undefined) {
    put(0x7d);
    string(key);
  }
  orderedDict();
  put(0x28);
  for (const [name, tensor] of tensors) {
    string(name);
    global("torch._utils", "_rebuild_tensor_v2");
    put(0x28, 0x28);
    string("storage");
    global("torch", STORAGE_CLASSES[dtype]);
    string(storageKey(tensor));
    string("cpu");
    integer(elementCount(tensor.shape));
    put(0x74, 0x51); // the tuple as a persistent id
    integer(0);
    tuple(tensor.shape);
    tuple(rowMajorStrides(tensor.shape));
    put(0x89); // requires no gradient
    orderedDict(); // has no hooks
    put(0x74, 0x52); // the call of the function
  }
  put(0x75);
  if (key !== undefined) put(0x73);
  put(0x2e);
  return new Uint8Array(bytes);
}

function littleEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
