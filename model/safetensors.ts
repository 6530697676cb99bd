/** Element types of safetensors files that are read and written here. */
export type SafetensorsDType = "F32" | "I32" | "I64";

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
  readonly dtype: SafetensorsDType;
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
export class SafetensorsError extends Error {
  /** The name that error printers show. */
  override name = "SafetensorsError";
}

/** Headers longer than this are refused, as by the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
const BYTES_PER_ELEMENT: Readonly<Record<SafetensorsDType, number>> = { F32: 4, I32: 4, I64: 8 };

/** The element type of an array. */
export function safetensorsDType(data: SafetensorsData): SafetensorsDType {
  return data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "I64";
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** What a header is made of: name, element type and shape of each tensor. */
export interface SafetensorsDeclaration {
  /** Any string but `__metadata__`, unique in a file. */
  readonly name: string;
  /** Element type. */
  readonly dtype: SafetensorsDType;
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
 * The elements of a tensor, copied out of its bytes.
 *
 * @throws {SafetensorsError} when there are fewer bytes than the entry says.
 */
export function decodeSafetensorsData(entry: SafetensorsEntry, bytes: Uint8Array): SafetensorsTensor {
  if (bytes.length !== entry.end - entry.begin) {
    throw new SafetensorsError(`truncated: ${bytes.length} of ${entry.end - entry.begin} bytes of a tensor`);
  }
  // A copy of its own is aligned, wherever the bytes lie.
  const { buffer } = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    ? bytes
    : bytes.slice();
  const { dtype, shape } = entry;
  if (dtype === "F32") return { shape, data: new Float32Array(buffer) };
  return { shape, data: dtype === "I32" ? new Int32Array(buffer) : new BigInt64Array(buffer) };
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
 * The file as pieces in order: the header, then the elements of each tensor without copying them. Tensors whose `data` is a
 * function are asked for it when their turn comes, so that they need not be in memory together.
 *
 * @throws {SafetensorsError} when a tensor's data does not have as many elements as its shape, or a name is not unique.
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
    if (tensor === undefined) continue;
    const data = "dtype" in tensor ? tensor.data() : tensor.data;
    if (data.length !== elementCount(tensor.shape)) {
      throw new SafetensorsError(`tensor ${name}: ${data.length} elements for shape [${tensor.shape}]`);
    }
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** A tensor whose elements are made when they are written. */
export interface LazySafetensorsTensor {
  /** Element type. */
  readonly dtype: SafetensorsDType;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Makes the elements, of type `dtype`. */
  readonly data: () => SafetensorsData;
}

function parseEntry(name: string, value: unknown): SafetensorsEntry {
  if (typeof value !== "object" || value === null) {
    throw new SafetensorsError(`tensor ${name}: the header holds no object for it`);
  }
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (dtype !== "F32" && dtype !== "I32" && dtype !== "I64") {
    throw new SafetensorsError(`tensor ${name}: element type ${String(dtype)} is not one of F32, I32, I64`);
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

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
