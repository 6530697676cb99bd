import {
  BYTES_PER_ELEMENT,
  decodeFloats,
  elementCount,
  encodeFloats,
  isCount,
  isStoredDType,
  STORED_DTYPES,
} from "./element_types.ts";
import type { StoredDType } from "./stored_tensor.ts";
import { WeightsError } from "./weights_error.ts";

/** Elements of a tensor on the host. */
export type SafetensorsData = Float32Array | Int32Array | BigInt64Array;

/** A tensor on the host: its elements row-major. */
export interface SafetensorsTensor {
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements. */
  readonly data: SafetensorsData;
}

/** Where a tensor lies in a file. */
export interface SafetensorsEntry {
  /** Element type. */
  readonly dtype: StoredDType;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte, counted from the end of the header. */
  readonly end: number;
}

/** The header of a file: what it holds and where. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of their data. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The strings under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** First byte of the data in the file: a multiple of 8 in files written here. */
  readonly dataStart: number;
}

/** A file that is not valid safetensors; the message names the place in it. */
export class SafetensorsError extends WeightsError {
  /** The name that error printers show. */
  override readonly name: string = "SafetensorsError";
}

/** Headers longer than this are refused, as by the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
/** Headers with more lists and objects than this are refused before they take memory: 600,000 tensors have fewer. */
const MAX_HEADER_BRACKETS = 2_000_000;

/** The element type of an array. */
export function safetensorsDType(data: SafetensorsData): "F32" | "I32" | "I64" {
  return data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "I64";
}

/** What a header is made of: name, element type and shape of each tensor. */
export interface SafetensorsDeclaration {
  /** Any string but `__metadata__`, unique in a file. */
  readonly name: string;
  /** Element type. */
  readonly dtype: StoredDType;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
}

/**
 * Lays out tensors: the bytes of the file up to the data (8-byte little-endian length, JSON with sorted keys, spaces up to a
 * multiple of 8) and the names in the order in which their data follow, without holes. Wide elements come first, so that
 * every tensor is aligned.
 *
 * @param metadata strings under `__metadata__`; `{format: "pt"}` is what transformers asks for.
 * @throws {SafetensorsError} when two tensors have one name, a name is `__metadata__`, or a size is not a count.
 */
export function encodeSafetensorsHeader(
  tensors: Iterable<SafetensorsDeclaration>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): { bytes: Uint8Array; order: string[] } {
  const declared = [...tensors].sort((a, b) =>
    BYTES_PER_ELEMENT[b.dtype] - BYTES_PER_ELEMENT[a.dtype] ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
  const places = new Map<
    string,
    { dtype: string; shape: readonly number[]; data_offsets: [number, number] }
  >();
  let offset = 0;
  for (const { name, dtype, shape } of declared) {
    if (name === "__metadata__" || places.has(name)) {
      throw new SafetensorsError(`tensor ${JSON.stringify(name)}: the name is reserved or occurs twice`);
    }
    if (!shape.every(isCount)) {
      throw new SafetensorsError(`tensor ${name}: shape [${shape}] is not made of counts`);
    }
    const end = offset + elementCount(shape) * BYTES_PER_ELEMENT[dtype];
    places.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const order = [...places.keys()];
  const header = new Map<string, unknown>([["__metadata__", metadata]]);
  for (const name of [...order].sort()) header.set(name, places.get(name));
  // Not Object.fromEntries: it would move names that look like integers to the front.
  const json = "{" +
    [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",") + "}";
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return { bytes, order };
}

/**
 * The length of the JSON header, from the first 8 bytes of a file of `fileBytes` bytes.
 *
 * @throws {SafetensorsError} when the file is shorter than its header says.
 */
export function safetensorsHeaderLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < 8) {
    throw new SafetensorsError(`truncated: the file has ${fileBytes} bytes, the header length alone takes 8`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new SafetensorsError(
      `byte 0: a header of ${length} bytes is too long; this is not a safetensors file`,
    );
  }
  if (8 + Number(length) > fileBytes) {
    throw new SafetensorsError(
      `truncated: the header ends at byte ${8 + Number(length)}, the file at ${fileBytes}`,
    );
  }
  return Number(length);
}

/**
 * Reads the JSON header.
 *
 * @param json its bytes, without the 8 of its length.
 * @param fileBytes size of the whole file; the data must end exactly there.
 * @throws {SafetensorsError} naming the tensor when JSON, a type, a shape or an offset is wrong, data overlap, leave holes, or
 * end before or beyond the file's end.
 */
export function parseSafetensorsHeader(json: Uint8Array, fileBytes: number): SafetensorsHeader {
  let header: unknown;
  let brackets = 0;
  for (const byte of json) if (byte === 0x5b || byte === 0x7b) brackets++;
  if (brackets > MAX_HEADER_BRACKETS) {
    throw new SafetensorsError(
      `bytes 8 to ${8 + json.length}: the header holds ${brackets} lists and objects`,
    );
  }
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new SafetensorsError(
      `bytes 8 to ${8 + json.length}: the header is not JSON (${(error as Error).message})`,
    );
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new SafetensorsError(`bytes 8 to ${8 + json.length}: the header is not a JSON object`);
  }
  const metadata: Record<string, string> = {};
  const entries: [string, SafetensorsEntry][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== "__metadata__") entries.push([name, parseEntry(name, value)]);
    else if (typeof value === "object" && value !== null) {
      for (const [key, text] of Object.entries(value)) metadata[key] = String(text);
    }
  }
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  let previous = "the header";
  for (const [name, { begin, end }] of entries) {
    if (begin !== expected) {
      const how = begin < expected ? "overlaps" : "leaves a hole after";
      throw new SafetensorsError(
        `tensor ${name}: its data at offset ${begin} ${how} ${previous}, which ends at ${expected}`,
      );
    }
    [expected, previous] = [end, `tensor ${name}`];
  }
  const dataStart = 8 + json.length;
  if (dataStart + expected !== fileBytes) {
    throw new SafetensorsError(
      dataStart + expected > fileBytes
        ? `truncated: ${previous} ends at byte ${dataStart + expected}, the file at ${fileBytes}`
        : `byte ${dataStart + expected}: ${
          fileBytes - dataStart - expected
        } bytes follow ${previous}, the last one`,
    );
  }
  return { entries: new Map(entries), metadata, dataStart };
}

/**
 * The elements of a tensor, copied out of its bytes: floats of any width as f32, I64, U32 and U64 as 64-bit, other integers and
 * booleans as 32-bit integers.
 *
 * @throws {SafetensorsError} when there are fewer bytes than the entry says, or a U64 is beyond 2⁶³.
 */
export function decodeSafetensorsData(entry: SafetensorsEntry, bytes: Uint8Array): SafetensorsTensor {
  if (bytes.length !== entry.end - entry.begin) {
    throw new SafetensorsError(`truncated: ${bytes.length} of ${entry.end - entry.begin} bytes of a tensor`);
  }
  // A copy of its own is aligned, wherever the bytes lie.
  const own = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  const { dtype, shape } = entry;
  switch (dtype) {
    case "F16":
    case "BF16":
    case "F32":
    case "F64":
      return { shape, data: decodeFloats(dtype, own) };
    case "I64":
      return { shape, data: new BigInt64Array(own.buffer) };
    case "U64": {
      const data = new BigInt64Array(own.buffer);
      if (data.some((value) => value < 0n)) throw new SafetensorsError("an element is not below 2⁶³");
      return { shape, data };
    }
    case "U32":
      return { shape, data: BigInt64Array.from(new Uint32Array(own.buffer), BigInt) };
    case "I32":
      return { shape, data: new Int32Array(own.buffer) };
    default:
      return { shape, data: Int32Array.from(decodeFloats(dtype, own)) };
  }
}

/** Reads a whole file that is in memory. @throws {SafetensorsError} when it is not valid. */
export function decodeSafetensors(file: Uint8Array): Map<string, SafetensorsTensor> {
  const length = safetensorsHeaderLength(file.subarray(0, 8), file.length);
  const { entries, dataStart } = parseSafetensorsHeader(file.subarray(8, 8 + length), file.length);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of entries) {
    const bytes = file.slice(dataStart + entry.begin, dataStart + entry.end);
    tensors.set(name, decodeSafetensorsData(entry, bytes));
  }
  return tensors;
}

/**
 * The file as pieces in order: the header, then the elements of each tensor, without a copy where they are stored as they are.
 * Tensors whose `data` is a function are asked for it when their turn comes, so that they need not be in memory together.
 *
 * @throws {SafetensorsError} when a tensor's data are not of its type or not as many as its shape says, or a name is not unique.
 */
export function* encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor | LazySafetensorsTensor>,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const declarations = [...tensors].map(([name, tensor]) => ({
    name,
    dtype: "dtype" in tensor ? tensor.dtype : safetensorsDType(tensor.data),
    shape: tensor.shape,
  }));
  const { bytes, order } = encodeSafetensorsHeader(declarations, metadata);
  yield bytes;
  for (const name of order) {
    const tensor = tensors.get(name);
    if (tensor !== undefined) yield* encodeElements(name, tensor);
  }
}

/** A tensor whose elements are made when they are written. */
export interface LazySafetensorsTensor {
  /** Element type in the file. Floats are rounded to F16 or BF16, ties to even; other types take data of their own type only. */
  readonly dtype: "F32" | "F16" | "BF16" | "I32" | "I64";
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Makes the elements, row-major: at once, or in pieces that follow each other. */
  readonly data: () => SafetensorsData | Iterable<SafetensorsData>;
}

/**
 * The bytes of a tensor as they stand in a file, piece by piece.
 *
 * @throws {SafetensorsError} when the elements are not of the tensor's type or not as many as its shape says.
 */
export function* encodeElements(
  name: string,
  tensor: SafetensorsTensor | LazySafetensorsTensor,
): Generator<Uint8Array> {
  const data = "dtype" in tensor ? tensor.data() : tensor.data;
  const expected = elementCount(tensor.shape);
  let count = 0;
  for (const piece of ArrayBuffer.isView(data) ? [data] : data) {
    const found = safetensorsDType(piece);
    const dtype = "dtype" in tensor ? tensor.dtype : found;
    count += piece.length;
    if (count > expected) break;
    if (piece instanceof Float32Array && (dtype === "F32" || dtype === "F16" || dtype === "BF16")) {
      yield encodeFloats(dtype, piece);
    } else if (dtype === found) {
      yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    } else {
      throw new SafetensorsError(`tensor ${name}: ${found} elements cannot be written as ${dtype}`);
    }
  }
  if (count !== expected) {
    throw new SafetensorsError(`tensor ${name}: ${count} elements for shape [${tensor.shape}]`);
  }
}

function parseEntry(name: string, value: unknown): SafetensorsEntry {
  if (typeof value !== "object" || value === null) {
    throw new SafetensorsError(`tensor ${name}: the header holds no object for it`);
  }
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (!isStoredDType(dtype)) {
    throw new SafetensorsError(
      `tensor ${name}: element type ${String(dtype)} is not one of ${[...STORED_DTYPES].join(", ")}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new SafetensorsError(`tensor ${name}: shape ${JSON.stringify(shape)} is not a list of counts`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw new SafetensorsError(
      `tensor ${name}: data_offsets ${JSON.stringify(offsets)} are not two byte offsets`,
    );
  }
  const [begin, end] = offsets as [number, number];
  if (end - begin !== elementCount(shape) * BYTES_PER_ELEMENT[dtype]) {
    throw new SafetensorsError(
      `tensor ${name}: bytes ${begin} to ${end} do not hold ${dtype} elements of shape [${shape}]`,
    );
  }
  return { dtype, shape, begin, end };
}
