import { Buffer } from "node:buffer";
import { maskedCrc32c } from "./crc32c.ts";

/** How {@linkcode encodeExample} writes. */
export interface ExampleStyle {
  /** Lists as one field, as protobuf 3 does, or a field for each number. */
  readonly packed?: boolean;
  /** Adds fields and features that no reader of ours knows. */
  readonly unknownFields?: boolean;
}

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function contents(field: number, bytes: readonly number[]): number[] {
  return [field * 8 + 2, ...varint(bytes.length), ...bytes];
}

/** A `tf.train.Example` with lists of whole numbers. */
export function encodeExample(
  features: Iterable<readonly [string, readonly number[]]>,
  { packed = true, unknownFields = false }: ExampleStyle = {},
): Uint8Array {
  const noise = unknownFields ? [...contents(9, [1, 2]), 8 * 10, ...varint(-5), 8 * 11 + 5, 1, 2, 3, 4] : [];
  const entries = Array.from(features, ([name, values]) => {
    const list = packed
      ? contents(1, values.flatMap((value) => varint(value)))
      : values.flatMap((value) => [8, ...varint(value)]);
    const key = contents(1, [...new TextEncoder().encode(name)]);
    const value = contents(2, [...noise, ...contents(3, [...list, ...noise])]);
    return contents(1, unknownFields ? [...value, ...noise, ...key] : [...key, ...value]);
  });
  if (unknownFields) {
    entries.push(contents(1, [...contents(1, [120]), ...contents(2, contents(1, contents(1, [65])))]));
  }
  return Uint8Array.from([...noise, ...contents(1, entries.flat())]);
}

/** A TFRecord file. */
export function encodeTfRecords(records: Iterable<Uint8Array>): Uint8Array {
  const pieces: Uint8Array[] = [];
  const number = (value: number): Uint8Array => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return bytes;
  };
  for (const record of records) {
    const length = Buffer.concat([number(record.length), number(0)]);
    pieces.push(length, number(maskedCrc32c(length)), record, number(maskedCrc32c(record)));
  }
  return Uint8Array.from(Buffer.concat(pieces));
}
