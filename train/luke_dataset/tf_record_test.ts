import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { encodeExample, encodeTfRecords } from "./testdata_tf_record.ts";
import { int64Features } from "./tf_example.ts";
import { readTfRecords } from "./tf_record.ts";

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function records(bytes: Uint8Array, length = bytes.length): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  for await (const some of readTfRecords(pieces(bytes, length), "dataset.tf")) {
    for (const record of some) {
      equal(record.number, read.length);
      read.push(record.bytes.slice());
    }
  }
  return read;
}

const THREE = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(200).fill(7)];

Deno.test("readTfRecords() reads records in pieces of any length", async () => {
  const bytes = encodeTfRecords(THREE);
  for (const length of [1, 3, 12, 15, 16, 17, 100, bytes.length]) {
    deepEqual(await records(bytes, length), THREE);
  }
  deepEqual(await records(new Uint8Array(0)), []);
});

Deno.test("readTfRecords() names the record and the byte of any flipped bit and any cut", async () => {
  const bytes = encodeTfRecords(THREE);
  const starts = [0, 19, 35];
  for (let byte = 0; byte < bytes.length; byte++) {
    const number = starts.findLastIndex((start) => start <= byte);
    const place = `UserError: dataset\\.tf, record ${number} \\(byte ${
      starts[number]
    } of the unpacked file\\): `;
    const flipped = bytes.slice();
    flipped[byte] = (flipped[byte] ?? 0) ^ 1 << byte % 8;
    await rejects(records(flipped, 50), new RegExp(`^${place}damaged, (the|its) checksum`));
    if (starts.includes(byte)) {
      equal((await records(bytes.subarray(0, byte), 50).catch(() => [])).length, number);
    } else await rejects(records(bytes.subarray(0, byte), 50), new RegExp(`^${place}cut off after `));
  }
});

Deno.test("int64Features() reads packed and unpacked lists, in any order, among unknown fields", () => {
  const number = fc.oneof(fc.integer({ min: -1, max: 300 }), fc.maxSafeInteger());
  const features = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== "x"),
    fc.array(number),
  );
  fc.assert(
    fc.property(features, fc.boolean(), fc.boolean(), (lists, packed, unknownFields) => {
      const example = encodeExample(Object.entries(lists), { packed, unknownFields });
      const read = int64Features(example);
      if (unknownFields) read.delete("x");
      deepEqual(Object.fromEntries(read), { ...lists });
    }),
  );
  deepEqual(int64Features(new Uint8Array(0)), new Map());
});

Deno.test("int64Features() throws a RangeError for other bytes, and never anything else", () => {
  const example = encodeExample([["word_ids", [3, 4, -1]]]);
  for (let end = 1; end < example.length; end++) {
    throws(() => int64Features(example.subarray(0, end)), RangeError);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        int64Features(bytes);
      } catch (error) {
        ok(error instanceof RangeError);
      }
    }),
  );
  // 2^60 is no number of an item.
  throws(() => int64Features(encodeExample([["a", [2 ** 60]]])), /beyond 2\^53/);
});
