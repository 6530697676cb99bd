import type { PickleFunction, PickleGlobals } from "./pickle.ts";
import { type PickleDict, PickleGlobal, PickleObject, type PickleValue } from "./pickle_value.ts";
import type { StoredDType } from "./stored_tensor.ts";

/** Elements outside the pickle, as a persistent id names them. */
export class TorchStorage extends PickleObject {
  /** Element type; undefined for bytes whose type the tensor tells. */
  readonly dtype: StoredDType | undefined;
  /** The storage's name in the file. */
  readonly key: string;
  /** Elements of the whole storage (bytes, where it has no type). */
  readonly length: number;
  /** What of it is meant, in elements: files before PyTorch 0.4 have views of storages. */
  readonly view: { readonly offset: number; readonly length: number };

  /** A storage of `length` elements. */
  constructor(
    dtype: StoredDType | undefined,
    key: string,
    length: number,
    view: { offset: number; length: number } = { offset: 0, length },
  ) {
    super("torch storage", []);
    this.dtype = dtype;
    this.key = key;
    this.length = length;
    this.view = view;
  }
}

/** A tensor as a pickle describes it; nothing about it is checked yet. */
export class TorchTensor extends PickleObject {
  /** Its elements. */
  readonly storage: TorchStorage;
  /** Element type. */
  readonly dtype: StoredDType;
  /** First element in the storage. */
  readonly offset: PickleValue;
  /** Sizes. */
  readonly shape: readonly PickleValue[];
  /** Elements of the storage from one index to the next, by axis. */
  readonly strides: readonly PickleValue[];

  /** A tensor of `dtype` in a storage. */
  constructor(
    storage: TorchStorage,
    dtype: StoredDType,
    offset: PickleValue,
    shape: readonly PickleValue[],
    strides: readonly PickleValue[],
  ) {
    super("torch tensor", []);
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = [...shape];
    this.strides = [...strides];
  }
}

/** PyTorch's own limit for most operations. */
const MAX_AXES = 64;
const STORAGE_DTYPES: Readonly<Record<string, StoredDType>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};
const UNTYPED_STORAGES: ReadonlySet<string> = new Set([
  "torch.storage.UntypedStorage",
  "torch.UntypedStorage",
]);
/** Storage classes by full name. Tensors that were saved from a GPU have those of `torch.cuda`. */
const STORAGE_CLASSES: ReadonlyMap<string, StoredDType> = new Map(
  Object.entries(STORAGE_DTYPES).flatMap(([name, dtype]): [string, StoredDType][] => [
    [`torch.${name}`, dtype],
    [`torch.cuda.${name}`, dtype],
  ]),
);
const DTYPES: ReadonlyMap<string, StoredDType> = new Map([
  ["torch.float32", "F32"],
  ["torch.float64", "F64"],
  ["torch.float16", "F16"],
  ["torch.bfloat16", "BF16"],
  ["torch.int64", "I64"],
  ["torch.int32", "I32"],
  ["torch.int16", "I16"],
  ["torch.int8", "I8"],
  ["torch.uint64", "U64"],
  ["torch.uint32", "U32"],
  ["torch.uint16", "U16"],
  ["torch.uint8", "U8"],
  ["torch.bool", "BOOL"],
]);

/** Classes that are named beside tensors (a tensor's class, what a defaultdict makes), never called. */
const NAMES = [
  "torch.Tensor",
  "torch.nn.parameter.Buffer",
  ...["int", "float", "bool", "str", "bytes", "object"].flatMap(builtin),
];

/** What DeepSpeed, Apex and scripts keep beside the weights; kept as data. */
const OBJECTS = [
  "torch.device",
  "argparse.Namespace",
  "apex.amp.scaler.LossScaler",
  "deepspeed.runtime.fp16.loss_scaler.LossScaler",
  "deepspeed.runtime.fp16.loss_scaler.DynamicLossScaler",
  "deepspeed.runtime.zero.config.ZeroStageEnum",
  "numpy.dtype",
  "numpy.ndarray",
  ...["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((
    module,
  ) => [`${module}.scalar`, `${module}._reconstruct`]),
  "pathlib.PosixPath",
  "pathlib.PurePosixPath",
  "collections.Counter",
];

/**
 * What pickles of PyTorch weights name: the functions that put tensors together, collections, and classes that state files keep
 * around them. The list follows `torch.load(weights_only=True)`.
 */
export const TORCH_GLOBALS: PickleGlobals = new Map<string, "name" | "object" | PickleFunction>([
  ...[...NAMES, ...STORAGE_CLASSES.keys(), ...UNTYPED_STORAGES, ...DTYPES.keys()].map((
    name,
  ): [string, "name"] => [name, "name"]),
  ...OBJECTS.map((name): [string, "object"] => [name, "object"]),
  ["collections.OrderedDict", dictionary],
  ["collections.defaultdict", () => new Map()],
  ...builtin("dict").map((name): [string, PickleFunction] => [name, dictionary]),
  ...["list", "tuple", "set", "frozenset"].flatMap(builtin).map((
    name,
  ): [string, PickleFunction] => [name, items]),
  ["torch.Size", items],
  ["_codecs.encode", encoded],
  ["torch._utils._rebuild_tensor", tensor],
  ["torch._utils._rebuild_tensor_v2", tensor],
  ["torch._utils._rebuild_tensor_v3", tensorOfType],
  ["torch._utils._rebuild_parameter", firstTensor],
  ["torch._utils._rebuild_parameter_with_state", firstTensor],
  ["torch.nn.parameter.Parameter", firstTensor],
  ["torch._tensor._rebuild_from_type_v2", rebuiltFromType],
]);

/**
 * The storage of a persistent id: `("storage", class, key, location, elements)`, before PyTorch 1.6 with a view
 * `(key, offset, elements)` or nothing at the end.
 */
export function torchStorage(id: readonly PickleValue[]): TorchStorage | undefined {
  const [kind, storageClass, key, , length, view = null] = id;
  if (kind !== "storage" || !(storageClass instanceof PickleGlobal)) return undefined;
  const dtype = STORAGE_CLASSES.get(storageClass.name);
  if (dtype === undefined && !UNTYPED_STORAGES.has(storageClass.name)) return undefined;
  if (typeof key !== "string" || typeof length !== "number") return undefined;
  if (view === null) return new TorchStorage(dtype, key, length);
  const [, offset, elements] = Array.isArray(view) ? view : [];
  if (typeof offset !== "number" || typeof elements !== "number") return undefined;
  return new TorchStorage(dtype, key, length, { offset, length: elements });
}

/** A builtin's names in Python 3 and 2. */
function builtin(name: string): string[] {
  return [`builtins.${name}`, `__builtin__.${name}`];
}

// No function copies what it is given: a pickle may call it a million times with the same large argument.

/** Lists, tuples and sets of items are the same here. */
function items([items = []]: readonly PickleValue[]): PickleValue | undefined {
  return Array.isArray(items) ? items : undefined;
}

/** Dictionaries that were made of lists of pairs, by list. */
const dictionariesOfPairs = new WeakMap<PickleValue[], PickleDict>();

/** Of nothing, of another dictionary, or of pairs as Python 2 gives them. */
function dictionary([items = []]: readonly PickleValue[]): PickleValue | undefined {
  if (items instanceof Map) return items;
  if (!Array.isArray(items)) return undefined;
  const known = items.length > 0 ? dictionariesOfPairs.get(items) : undefined;
  if (known !== undefined) return known;
  const dict: PickleDict = new Map();
  for (const pair of items) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    dict.set(pair[0] ?? null, pair[1] ?? null);
  }
  if (items.length > 0) dictionariesOfPairs.set(items, dict);
  return dict;
}

/** Protocols below 3 write bytes as text of which each character is one; nobody here needs them as bytes. */
function encoded([text, encoding]: readonly PickleValue[]): PickleValue | undefined {
  return typeof text === "string" && encoding === "latin1" ? text : undefined;
}

function tensor([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue | undefined {
  if (!(storage instanceof TorchStorage) || storage.dtype === undefined) return undefined;
  return placed(storage, storage.dtype, offset, shape, strides);
}

/** A tensor of a type that has no storage class of its own: the type is the seventh argument. */
function tensorOfType(args: readonly PickleValue[]): PickleValue | undefined {
  const [storage, offset, shape, strides, , , dtype] = args;
  const type = dtype instanceof PickleGlobal ? DTYPES.get(dtype.name) : undefined;
  if (!(storage instanceof TorchStorage) || storage.dtype !== undefined || type === undefined) {
    return undefined;
  }
  return placed(storage, type, offset, shape, strides);
}

function placed(
  storage: TorchStorage,
  dtype: StoredDType,
  offset: PickleValue | undefined,
  shape: PickleValue | undefined,
  strides: PickleValue | undefined,
): TorchTensor | undefined {
  if (offset === undefined || !Array.isArray(shape) || !Array.isArray(strides)) return undefined;
  if (shape.length > MAX_AXES || strides.length > MAX_AXES) return undefined;
  return new TorchTensor(storage, dtype, offset, shape, strides);
}

function firstTensor([first]: readonly PickleValue[]): PickleValue | undefined {
  return first instanceof TorchTensor ? first : undefined;
}

/** A tensor with attributes: the function that makes it, its class, the function's arguments, the attributes. */
function rebuiltFromType([rebuild, , args]: readonly PickleValue[]): PickleValue | undefined {
  if (!(rebuild instanceof PickleGlobal) || !Array.isArray(args)) return undefined;
  if (!/^torch\._utils\._rebuild_(tensor|parameter)/.test(rebuild.name)) return undefined;
  const known = TORCH_GLOBALS.get(rebuild.name);
  return typeof known === "function" ? known(args) : undefined;
}
