import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSafetensors,
  encodeSafetensors,
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsData,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors.ts";

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array([...pieces].flatMap((piece) => [...piece]));
}

/** A file with this header text and `dataBytes` zero bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const tensors: fc.Arbitrary<SafetensorsTensor> = shapes.chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  const exact = { minLength: length, maxLength: length };
  const data: fc.Arbitrary<SafetensorsData> = fc.oneof(
    fc.float32Array(exact),
    fc.int32Array(exact),
    fc.bigInt64Array(exact),
  );
  return data.map((data) => ({ shape, data }));
});
const names = fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) =>
  name !== "__metadata__" && name !== "__proto__"
);

Deno.test("encodeSafetensors() writes what decodeSafetensors() reads, whatever names, types and shapes", () => {
  fc.assert(fc.property(fc.array(fc.tuple(names, tensors), { maxLength: 6 }), (list) => {
    const written = new Map(list);
    const read = decodeSafetensors(joined(encodeSafetensors(written)));
    assert.deepEqual(new Set(read.keys()), new Set(written.keys()));
    for (const [name, tensor] of written) assert.deepEqual(read.get(name), tensor);
  }));
});

Deno.test("encodeSafetensorsHeader() aligns data to 8 bytes, sorts keys and puts wide elements first", () => {
  const { bytes, order } = encodeSafetensorsHeader([
    { name: "b", dtype: "F32", shape: [3] },
    { name: "a", dtype: "I32", shape: [1] },
    { name: "c", dtype: "I64", shape: [2] },
  ]);
  assert.equal(bytes.length % 8, 0);
  assert.deepEqual(order, ["c", "a", "b"]);
  assert.equal(
    new TextDecoder().decode(bytes.subarray(8)).trimEnd(),
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"I32","shape":[1],"data_offsets":[16,20]},' +
      '"b":{"dtype":"F32","shape":[3],"data_offsets":[20,32]},"c":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}',
  );
  assert.equal(parseSafetensorsHeader(bytes.subarray(8), bytes.length + 32).dataStart, bytes.length);
});

Deno.test("encodeSafetensors() asks for lazy data when its turn comes and checks the count", () => {
  const asked: string[] = [];
  const lazy = (name: string, length: number) => ({
    dtype: "F32" as const,
    shape: [2],
    data: () => (asked.push(name), new Float32Array(length)),
  });
  const pieces = encodeSafetensors(new Map([["y", lazy("y", 3)], ["x", lazy("x", 2)]]));
  pieces.next();
  assert.deepEqual(asked, []);
  pieces.next();
  assert.deepEqual(asked, ["x"]);
  assert.throws(() => pieces.next(), /tensor y: 3 elements for shape \[2\]/);
});

const entry = (begin: number, end: number, shape = [(end - begin) / 4]): Record<string, unknown> => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});
const broken: [string, Uint8Array, RegExp][] = [
  ["an empty file", new Uint8Array(0), /truncated: the file has 0 bytes/],
  [
    "a header beyond the end",
    fileOf("{}").subarray(0, 9),
    /truncated: the header ends at byte 10, the file at 9/,
  ],
  ["a zip file", new TextEncoder().encode("PK\x03\x04aaaaaaaaaa"), /byte 0: .*not a safetensors file/],
  ["a header that is not JSON", fileOf("{"), /bytes 8 to 9: the header is not JSON/],
  ["a header that is a list", fileOf("[]"), /not a JSON object/],
  [
    "an unknown element type",
    fileOf({ a: { dtype: "F8", shape: [], data_offsets: [0, 1] } }, 1),
    /tensor a: .*F8/,
  ],
  ["offsets that do not fit the shape", fileOf({ a: entry(0, 8, [3]) }, 8), /tensor a: bytes 0 to 8/],
  ["overlapping data", fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12), /tensor b: .*overlaps tensor a/],
  ["a hole", fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12), /tensor b: .*leaves a hole after tensor a/],
  ["cut data", fileOf({ a: entry(0, 8) }, 7), /truncated: tensor a ends at/],
  ["bytes after the data", fileOf({ a: entry(0, 8) }, 9), /1 bytes follow tensor a/],
  [
    "a negative shape",
    fileOf({ a: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, 4),
    /not a list of counts/,
  ],
];
for (const [what, file, message] of broken) {
  Deno.test(`decodeSafetensors() names the place: ${what}`, () => {
    assert.throws(
      () => decodeSafetensors(file),
      (error) => error instanceof SafetensorsError && message.test(error.message),
    );
  });
}

Deno.test("decodeSafetensors() refuses every cut of a valid file", () => {
  const file = joined(encodeSafetensors(new Map([["a", { shape: [3], data: new Float32Array([1, 2, 3]) }]])));
  for (let length = 0; length < file.length; length++) {
    assert.throws(() => decodeSafetensors(file.slice(0, length)), SafetensorsError);
  }
});
