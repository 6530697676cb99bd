import { checkRange, type StoredBytes } from "./stored_bytes.ts";

/** Bytes in memory as a file. */
export function memoryFile(bytes: Uint8Array, path = "weights.bin"): StoredBytes & Disposable {
  return {
    path,
    size: bytes.length,
    read: (position, length) => {
      checkRange(path, bytes.length, position, length);
      return Uint8Array.from(bytes.subarray(position, position + length));
    },
    [Symbol.dispose]: () => {},
  };
}

/** Bytes, text as itself, one after the other. */
export function joined(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...typeof part === "string" ? encode(part) : part]
    ),
  );
}

/** BINUNICODE. */
export function text(value: string): Uint8Array {
  const bytes = encode(value);
  return joined("X", littleEndian(bytes.length, 4), bytes);
}

/** SHORT_BINUNICODE. */
export function shortText(value: string): Uint8Array {
  const bytes = encode(value);
  return joined(0x8c, bytes.length, bytes);
}

/** BININT, or LONG1 of eight bytes. */
export function integer(value: number | bigint): Uint8Array {
  return typeof value === "number" && Math.abs(value) < 2 ** 31
    ? joined("J", littleEndian(value, 4))
    : joined(0x8a, 8, littleEndian(value, 8));
}

/** A tuple of values that are pickled already. */
export function tuple(...values: readonly Uint8Array[]): Uint8Array {
  return joined("(", ...values, "t");
}

/** The lowest bytes of a number. */
export function littleEndian(value: number | bigint, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}

/** What of a tensor a test may want to be wrong; by default it has three f32 in storage "0". */
export interface TensorFacts {
  readonly storageClass?: string;
  readonly key?: string;
  readonly elements?: number | bigint;
  readonly offset?: Uint8Array;
  readonly shape?: Uint8Array;
  readonly strides?: Uint8Array;
  /** What stands in a legacy file's persistent id after the number of elements. */
  readonly view?: Uint8Array;
}

/** A pickle of `{"w": tensor}`. */
export function stateDictPickle(facts: TensorFacts = {}): Uint8Array {
  const { storageClass = "torch\nFloatStorage", key = "0", elements = 3, view } = facts;
  const id = [text("storage"), joined(`c${storageClass}\n`), text(key), text("cpu"), integer(elements)];
  return joined(
    Uint8Array.of(0x80, 2),
    "}",
    text("w"),
    "ctorch._utils\n_rebuild_tensor_v2\n",
    tuple(
      joined(tuple(...id, ...view === undefined ? [] : [view]), "Q"),
      facts.offset ?? integer(0),
      facts.shape ?? tuple(integer(3)),
      facts.strides ?? tuple(integer(1)),
      Uint8Array.of(0x89),
      joined("}"),
    ),
    "Rs.",
  );
}

/** A file as before PyTorch 1.6 around the pickle of an object, with storages behind it. */
export function legacyFile(pickle: Uint8Array, storages: Readonly<Record<string, Float32Array>>): Uint8Array {
  return joined(
    Uint8Array.of(0x80, 2, 0x8a, 10),
    littleEndian(0x1950a86a20f9469cfc6cn, 10),
    ".",
    joined(Uint8Array.of(0x80, 2), integer(1001), "."),
    joined(Uint8Array.of(0x80, 2), "}", text("little_endian"), Uint8Array.of(0x88), "s."),
    pickle,
    joined(Uint8Array.of(0x80, 2), "](", ...Object.keys(storages).map(text), "e."),
    ...Object.values(storages).map((floats) =>
      joined(littleEndian(floats.length, 8), new Uint8Array(floats.buffer))
    ),
  );
}

/** What of a zip file a test may want to be wrong. */
export interface ZipFacts {
  readonly method?: number;
  readonly flags?: number;
  /** Added to what the directory says of every entry. */
  readonly packed?: number;
  readonly size?: number;
  readonly header?: number;
  /** Names in the directory, where they are to differ from those at the entries. */
  readonly listed?: Readonly<Record<string, string>>;
  readonly count?: number;
  readonly begin?: number;
  readonly directorySize?: number;
}

/** A zip file of entries that are not compressed, with what is wrong about it. */
export function zipFile(
  entries: readonly (readonly [name: string, content: Uint8Array])[],
  facts: ZipFacts = {},
): Uint8Array {
  const { method = 0, flags = 0, packed = 0, size = 0, header = 0 } = facts;
  let body = new Uint8Array(0);
  let directory = new Uint8Array(0);
  const u16 = (value: number): Uint8Array => littleEndian(value, 2);
  const u32 = (value: number): Uint8Array => littleEndian(value, 4);
  for (const [name, content] of entries) {
    const listed = facts.listed?.[name] ?? name;
    const common = [u16(flags), u16(method), u32(0), u32(0)];
    directory = joined(
      directory,
      "PK\x01\x02",
      u16(20),
      u16(20),
      ...common,
      u32(content.length + packed),
      u32(content.length + size),
      u16(listed.length),
      u16(0),
      u16(0),
      u32(0),
      u32(0),
      u32(body.length + header),
      listed,
    ) as Uint8Array<ArrayBuffer>;
    const sizes = [u32(content.length), u32(content.length), u16(name.length), u16(0)];
    body = joined(body, "PK\x03\x04", u16(20), ...common, ...sizes, name, content) as Uint8Array<ArrayBuffer>;
  }
  const count = u16(facts.count ?? entries.length);
  const place = [u32(facts.directorySize ?? directory.length), u32(facts.begin ?? body.length)];
  return joined(body, directory, "PK\x05\x06", u16(0), u16(0), count, count, ...place, u16(0));
}

/** A file as since PyTorch 1.6 around the pickle of an object. */
export function torchZip(pickle: Uint8Array, storages: Readonly<Record<string, Float32Array>>): Uint8Array {
  return zipFile([
    ["a/data.pkl", pickle],
    ...Object.entries(storages).map(([key, floats]) =>
      [`a/data/${key}`, new Uint8Array(floats.buffer)] as const
    ),
  ]);
}

function encode(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
