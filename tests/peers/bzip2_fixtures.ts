/**
 * `deno run -A tests/peers/bzip2_fixtures.ts`: writes `../fixtures/bzip2_blocks.json`, bzip2 blocks and what libbz2 makes of them, for
 * `corpus/bzip2_block_test.ts`.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Bzip2Block } from "../../corpus/bzip2_block.ts";
import { bzip2Pieces } from "../../corpus/bzip2_pieces.ts";
import { bzip2Crc, decodeUnchecked } from "./bzip2_unchecked.ts";
import { compressWithLibbz2, decompressWithLibbz2, frameBlock, setBits } from "./libbz2.ts";

const CRC_AT = 48, RANDOMISED_AT = 80, ORIGIN_AT = 81;
const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const numbers = (count: number, value: (i: number) => number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: count }, (_, i) => value(i));

let state = 1;
const random = (limit: number): number =>
  (state = Math.imul(state, 1664525) + 1013904223 >>> 0) % 65521 % limit;
const runs = Array.from({ length: 270 }, (_, i) => new Array<number>(i + 1).fill(i % 251)).flat();

const data: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "one byte": ascii("a"),
  "two bytes": ascii("ab"),
  "four equal bytes": ascii("aaaa"),
  "five equal bytes": ascii("aaaaa"),
  "every byte once": numbers(256, (i) => i),
  "every byte, backwards, four times": numbers(1024, (i) => 255 - i % 256),
  "random bytes": numbers(1500, () => random(256)),
  "random bits": numbers(4000, () => random(2)),
  "runs of 1 to 270": Uint8Array.from(runs),
  "a word for ever": ascii("abracadabra".repeat(81_000)),
  "two letters by turns": ascii("ab".repeat(449_900)),
  "a long period": numbers(899_000, (i) => (i % 1024) * (i % 1024) >>> 4),
  "one byte 45,000,000 times": new Uint8Array(45_000_000),
  "text": ascii(
    "She sells sea shells by the sea shore; the shells she sells are sea shells, I am sure. ".repeat(9),
  ),
};

async function firstBlock(stream: Uint8Array): Promise<Bzip2Block> {
  for await (const piece of bzip2Pieces(ReadableStream.from([stream]))) {
    if (piece.kind === "block") return piece;
  }
  throw new Error("no block");
}

const flipped = (block: Bzip2Block, bit: number): Bzip2Block => {
  const bytes = block.bytes.slice();
  bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7));
  return { ...block, bytes };
};

/** With the checksum that makes it sound: whether it does is libbz2's word. */
function resigned(block: Bzip2Block): Bzip2Block {
  const output = decodeUnchecked(block);
  if (output !== undefined) setBits(block.bytes, block.from + CRC_AT, bzip2Crc(output), 32);
  return block;
}

function fixture(name: string, block: Bzip2Block): Record<string, unknown> {
  const output = decompressWithLibbz2(frameBlock(block));
  if (output === undefined) throw new Error(`${name}: libbz2 says damaged`);
  const facts = {
    name,
    block: block.bytes.toBase64(),
    from: block.from,
    to: block.to,
    length: output.length,
    sha256: createHash("sha256").update(output).digest("hex"),
  };
  if (block.bytes.length > 400 || output.length > 100_000) return facts;
  const harmless: number[] = [];
  for (let bit = block.from; bit < block.to; bit++) {
    if (decompressWithLibbz2(frameBlock(flipped(block, bit))) !== undefined) harmless.push(bit);
  }
  return { ...facts, harmless_flips: harmless };
}

const fixtures: unknown[] = [];
for (const [name, bytes] of Object.entries(data)) {
  const block = await firstBlock(compressWithLibbz2(bytes, 9));
  fixtures.push(fixture(name, block));
  if (!/word|letters|text|runs/.test(name)) continue;
  const randomised = { ...block, bytes: block.bytes.slice() };
  setBits(randomised.bytes, block.from + RANDOMISED_AT, 1, 1);
  fixtures.push(fixture(`${name}, randomised`, resigned(randomised)));
  const turned = { ...block, bytes: block.bytes.slice() };
  setBits(turned.bytes, block.from + ORIGIN_AT, 1, 24);
  fixtures.push(fixture(`${name}, from another row`, resigned(turned)));
}
for (let level = 1; level < 9; level++) {
  const block = await firstBlock(compressWithLibbz2(ascii("0123456789".repeat(100_000)), level));
  fixtures.push(fixture(`level ${level}`, block));
}
writeFileSync(
  new URL("../fixtures/bzip2_blocks.json", import.meta.url),
  `[\n${fixtures.map((fixture) => JSON.stringify(fixture)).join(",\n")}\n]\n`,
);
