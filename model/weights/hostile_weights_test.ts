import assert from "node:assert/strict";
import { openBytes } from "./open_weights.ts";
import {
  integer,
  joined,
  legacyFile,
  littleEndian,
  memoryFile,
  stateDictPickle,
  type TensorFacts,
  text,
  torchZip,
  tuple,
  type ZipFacts,
  zipFile,
} from "./testdata_pickle.ts";
import { WeightsError } from "./weights_error.ts";

const three = new Float32Array([1, 2, 3]);

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WeightsError, String(error));
    assert.match(error.message, message);
    return error.message.startsWith("weights.bin: ");
  };
}

function refuses(file: Uint8Array, message: RegExp): void {
  let closed = 0;
  const source = { ...memoryFile(file), [Symbol.dispose]: () => void closed++ };
  assert.throws(() => openBytes(source), refused(message));
  assert.equal(closed, 1);
}

Deno.test("openBytes() opens the files that the next tests damage", () => {
  for (const facts of [{}, { view: joined("N") }, { elements: 3n }]) {
    const pickle = stateDictPickle(facts);
    for (const file of [torchZip(pickle, { 0: three }), legacyFile(pickle, { 0: three })]) {
      assert.deepEqual(openBytes(memoryFile(file)).tensors.get("w")?.readFloats(0, 3), three);
    }
  }
  const view = stateDictPickle({ view: tuple(text("v"), integer(1), integer(2)), shape: tuple(integer(2)) });
  const file = legacyFile(view, { 0: three });
  assert.deepEqual(openBytes(memoryFile(file)).tensors.get("w")?.readFloats(0, 2), new Float32Array([2, 3]));
});

const WRONG_TENSORS: readonly (readonly [what: string, facts: TensorFacts, message: RegExp])[] = [
  [
    "an element beyond its storage",
    { shape: tuple(integer(4)) },
    /tensor w: sizes \[4\].* reach element 3 of a storage of 3/,
  ],
  ["an offset beyond its storage", { offset: integer(1) }, /reach element 3/],
  ["strides beyond its storage", { strides: tuple(integer(2)) }, /reach element 4/],
  ["a stride of 2⁶²", { strides: tuple(integer(2n ** 62n)) }, /not all counts/],
  [
    "a negative size",
    { shape: tuple(integer(-1)) },
    /tensor w: its sizes, strides and offset are not all counts/,
  ],
  ["a negative offset", { offset: integer(-1) }, /not all counts/],
  ["a negative stride", { strides: tuple(integer(-1)), offset: integer(2) }, /not all counts/],
  ["a size of text", { shape: tuple(text("3")) }, /not all counts/],
  ["more sizes than strides", { shape: tuple(integer(1), integer(1)) }, /not all counts/],
  ["more elements than numbers", {
    shape: tuple(...Array(4).fill(integer(2 ** 30))),
    strides: tuple(...Array(4).fill(integer(0))),
  }, /not all counts/],
  ["a thousand axes", {
    shape: tuple(...Array(1000).fill(integer(1))),
    strides: tuple(...Array(1000).fill(integer(1))),
  }, /arguments that it does not take/],
  [
    "a storage that says it is larger",
    { elements: 4 },
    /4 elements|has 12 bytes, 16 are said|that is not a storage/,
  ],
  ["a storage of 2⁶³ elements", { elements: 2n ** 63n - 1n }, /not a storage/],
  ["a negative storage", { elements: -3 }, /its storage has -3 elements/],
  ["a view beyond its storage", { view: tuple(text("v"), integer(2), integer(2)) }, /of which 2 at 2/],
  ["a view before its storage", { view: tuple(text("v"), integer(-1), integer(2)) }, /of which 2 at -1/],
  [
    "a storage elsewhere",
    { key: "../../../etc/passwd" },
    /its storage \.\.\/\.\.\/\.\.\/etc\/passwd is not in the file|no tensor has/,
  ],
  [
    "a storage class of complex numbers",
    { storageClass: "torch\nComplexFloatStorage" },
    /names torch\.ComplexFloatStorage/,
  ],
  ["a storage that is none", { storageClass: "torch\nfloat32" }, /that is not a storage/],
];
for (const [what, facts, message] of WRONG_TENSORS) {
  Deno.test(`openBytes() refuses ${what}`, () => {
    const pickle = stateDictPickle(facts);
    refuses(torchZip(pickle, { 0: three }), message);
    refuses(legacyFile(pickle, { 0: three }), message);
  });
}

Deno.test("openBytes() refuses a state without tensors, or beyond numbers, saying what it found", () => {
  for (
    const [pickle, message] of [["N.", /holds nothing without/], ["].", /holds a list without/], [
      "}.",
      /holds a dictionary/,
    ]] as const
  ) {
    refuses(torchZip(joined(pickle), {}), message);
    refuses(legacyFile(joined(pickle), {}), message);
  }
  refuses(joined(Uint8Array.of(0x80, 2), "N."), /a pickle of nothing, not of PyTorch weights/);
  refuses(joined(Uint8Array.of(0x80, 2), "cos\nsystem\n(X"), /names os\.system/);
});

Deno.test("openBytes() refuses storages of old files that lie about their size", () => {
  const file = legacyFile(stateDictPickle(), { 0: three });
  const at = file.length - 12 - 8;
  for (const count of [4n, 2n ** 31n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n]) {
    const lying = file.slice();
    lying.set(littleEndian(count, 8), at);
    refuses(lying, /a storage of -?\d+ elements ends beyond the file's|has \d+ bytes/);
  }
  refuses(legacyFile(stateDictPickle(), { 0: three, 1: three }), /a storage that no tensor has/);
  refuses(legacyFile(stateDictPickle(), {}), /its storage 0 is not in the file/);
});

const entries = [["a/data.pkl", stateDictPickle()], ["a/data/0", new Uint8Array(three.buffer)]] as const;
const WRONG_ZIPS: readonly (readonly [what: string, facts: ZipFacts, message: RegExp])[] = [
  ["compressed entries", { method: 8 }, /entry a\/data\.pkl is compressed/],
  ["entries that unpack to more", { size: 1 << 30 }, /is compressed/],
  ["encrypted entries", { flags: 1 }, /entry a\/data\.pkl is encrypted/],
  ["entries larger than they are", { packed: 1, size: 1 }, /lies over another, or beyond/],
  ["entries of 4 GB", { packed: 2 ** 31, size: 2 ** 31 }, /lies over another, or beyond/],
  ["entries elsewhere", { header: 1 }, /is said to lie at byte 1, where there is none/],
  ["entries beyond the file", { header: 2 ** 31 }, /said to lie at byte 2147483648/],
  [
    "entries of other names",
    { listed: { "a/data/0": "a/data/1" } },
    /is named a\/data\/1 in the directory, a\/data\/0 there/,
  ],
  ["65,000 entries in 100 bytes", { count: 65_000 }, /lists 65000 entries in \d+ bytes/],
  ["a directory beyond the file", { begin: 2 ** 31 }, /its directory .* does not fit/],
  ["a directory of 4 GB", { directorySize: 2 ** 32 - 2 }, /its directory .* does not fit/],
  ["a directory elsewhere", { begin: 3 }, /byte 0 of its directory is not an entry/],
];
for (const [what, facts, message] of WRONG_ZIPS) {
  Deno.test(`openBytes() refuses a zip file with ${what}`, () => refuses(zipFile(entries, facts), message));
}

Deno.test("openBytes() refuses a zip file that is none of weights", () => {
  refuses(
    zipFile([["a/data.pkl", stateDictPickle()], ["a/constants.pkl", joined("N.")]]),
    /a TorchScript program/,
  );
  refuses(zipFile([["a/b/data.pkl", joined("N.")]]), /a zip file with 0 data\.pkl/);
  refuses(
    zipFile([["a/data.pkl", joined("N.")], ["b/data.pkl", joined("N.")]]),
    /a zip file with 2 data\.pkl/,
  );
  refuses(zipFile([["a/x", joined("N.")], ["a/x", joined("N.")]]), /two entries are named a\/x/);
  refuses(zipFile([...entries, ["a/byteorder", joined("big")]]), /on a big-endian machine/);
  refuses(joined("PK\x03\x04", new Uint8Array(100)), /truncated: a zip file without its directory/);
  // Names are names: where they point does not matter to anyone.
  assert.equal(openBytes(memoryFile(zipFile([...entries, ["../../x", joined("N.")]]))).tensors.size, 1);
});

Deno.test("openBytes() refuses zip files of two entries that share bytes", () => {
  const inner = zipFile([["a/1", joined("12345678")]]);
  const file = zipFile([["a/0", inner], ["a/1", joined("1")]]);
  // The second entry's place becomes that of the one in the first.
  const directory = file.lastIndexOf(0x50, file.length - 23 - 46 - 3);
  const lying = file.slice();
  for (let at = directory - 60; at < file.length - 4; at++) {
    if (
      new TextDecoder().decode(lying.subarray(at, at + 3)) === "a/1" && lying[at - 46] === 0x50 &&
      lying[at - 44] === 1
    ) {
      lying.set(littleEndian(33, 4), at - 4);
      lying.set(littleEndian(8, 4), at - 26);
      lying.set(littleEndian(8, 4), at - 22);
    }
  }
  refuses(lying, /lies over another/);
});

Deno.test("openBytes() refuses safetensors headers of 2⁶³ bytes, of lists in lists, of types unknown", () => {
  const file = (header: string, length = BigInt(header.length)): Uint8Array =>
    joined(littleEndian(length, 8), header);
  refuses(file("{}", 2n ** 63n), /byte 0: a header of 9223372036854775808 bytes is too long/);
  refuses(file("{}", 2n ** 64n - 1n), /byte 0: a header of 18446744073709551615 bytes/);
  refuses(file("{}", 100n), /truncated: the header ends at byte 108, the file at 10/);
  refuses(file('{"a":' + "[".repeat(3_000_000)), /holds 3000001 lists and objects/);
  refuses(file('{"a":' + "[".repeat(1_000_000)), /is not JSON/);
  refuses(file('{"a":{"dtype":"C64","shape":[],"data_offsets":[0,0]}}'), /element type C64 is not one of/);
  refuses(file('{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,4]}}'), /is not a list of counts/);
  refuses(
    file('{"a":{"dtype":"F32","shape":[4294967296,4294967296,0.5],"data_offsets":[0,4]}}'),
    /list of counts/,
  );
  refuses(
    file('{"a":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,4]}}'),
    /bytes 0 to 4/,
  );
  refuses(file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'), /truncated/);
});
