/**
 * `deno run -A tests/peers/compare_bzip2.ts [CASES] [SEED] [FILE]`: bzip2 blocks of all kinds (random, periodic, one byte, runs, pieces of
 * FILE; levels 1 to 9) and changed ones (bits, origin, the old randomisation, length), decoded by us and by libbz2. A changed block
 * that only its checksum would betray is given the right one. Prints each disagreement, and exits with 1 when there is one.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Bzip2Block, decodeBzip2Block } from "../../corpus/bzip2_block.ts";
import { bzip2Pieces } from "../../corpus/bzip2_pieces.ts";
import { bzip2Crc, decodeUnchecked } from "./bzip2_unchecked.ts";
import { compressWithLibbz2, decompressWithLibbz2, frameBlock, setBits } from "./libbz2.ts";

const [cases = 1000, seed = 1] = Deno.args.slice(0, 2).map(Number);
const text = readFileSync(Deno.args[2] ?? new URL("../../corpus/sample/encyclopedia.xml", import.meta.url));
const CHANGES = 12;
const MARK = 48, CRC = 32, RANDOMISED = MARK + CRC, ORIGIN = RANDOMISED + 1, USED = ORIGIN + 24;

let state = seed >>> 0;
/** Uniform in [0, limit). */
function random(limit: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
}
const pick = <T>(...values: readonly [T, ...T[]]): T => values[random(values.length)] ?? values[0];

function data(): Uint8Array<ArrayBuffer> {
  const large = random(40) === 0 ? pick(100_000, 300_000, 950_000) : 1 + random(3000);
  const bytes = new Uint8Array(
    pick(1, 2, 3, 4, 5, 16, 17, 255, 256, 1023, 1024, 1025, 5000, 20_000, large, large, large),
  );
  const period = 1 + random(pick(9, 2000)),
    letters = 1 + random(pick(2, 4, 256)),
    longest = pick(6, 300, 2000);
  const kind = random(6);
  if (kind === 0) return bytes.map(() => random(letters));
  if (kind === 1) {
    return bytes.map((_, i) => i < period ? 97 + random(letters) : 0).map((_, i, all) =>
      all[i % period] ?? 0
    );
  }
  if (kind === 2) return bytes.fill(random(256));
  if (kind === 3) return bytes.map(() => Math.floor(256 * (random(1000) / 1000) ** 8));
  if (kind === 4 && text.length > bytes.length) {
    const from = random(text.length - bytes.length);
    return bytes.map((_, i) => text[from + i] ?? 0);
  }
  for (let i = 0; i < bytes.length;) {
    const until = i + 1 + random(longest);
    bytes.fill(random(256), i, until);
    i = until;
  }
  return bytes;
}

/** `block` with something else in it. */
function changed(block: Bzip2Block, length: number): Bzip2Block {
  const bytes = block.bytes.slice();
  const { from, to } = block;
  const bits = to - from;
  const flip = (bit: number): void =>
    void (bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7)));
  switch (random(7)) {
    case 0:
      setBits(bytes, from + RANDOMISED, 1, 1);
      break;
    case 1:
      setBits(bytes, from + ORIGIN, random(pick(length + 3, 1 << 24)), 24);
      break;
    case 2:
      flip(from + MARK + random(bits - MARK));
      break;
    case 3:
      flip(from + USED + random(Math.min(bits - USED, 600)));
      break;
    case 4:
      return { bytes, from, to: from + Math.max(MARK + CRC, bits - 1 - random(pick(10, bits))) };
    case 5:
      for (let i = random(5); i >= 0; i--) {
        setBits(bytes, from + USED + random(bits - USED - 8), random(256), 8);
      }
      break;
    default:
      setBits(bytes, Math.min(to - 1, from + Math.max(USED, bits - random(200))), random(2), 1);
  }
  return { bytes, from, to };
}

const isSame = (ours: Uint8Array | undefined, theirs: Uint8Array | undefined): boolean =>
  ours === undefined || theirs === undefined ? ours === theirs : Buffer.compare(ours, theirs) === 0;

let blocks = 0, changes = 0, sound = 0, disagreements = 0;
for (let i = 0; i < cases; i++) {
  const original = data();
  const level = 1 + random(9);
  const stream = compressWithLibbz2(original, level);
  const outputs: Uint8Array[] = [];
  for await (const piece of bzip2Pieces(ReadableStream.from([stream]))) {
    if (piece.kind !== "block") continue;
    blocks++;
    outputs.push(decodeBzip2Block(piece) ?? new Uint8Array());
    for (let change = original.length > 50_000 ? CHANGES - 1 : 0; change < CHANGES; change++) {
      const block = changed(piece, original.length);
      const output = decodeUnchecked(block);
      if (output !== undefined) setBits(block.bytes, block.from + MARK, bzip2Crc(output), CRC);
      const ours = decodeBzip2Block(block);
      changes++;
      if (ours !== undefined) sound++;
      if (isSame(ours, decompressWithLibbz2(frameBlock(block)))) continue;
      disagreements++;
      console.log(`case ${i}: libbz2 reads change ${change} otherwise`);
    }
  }
  if (isSame(Buffer.concat(outputs), original)) continue;
  disagreements++;
  console.log(`case ${i}: ${original.length} bytes at level ${level} do not come back`);
}
console.log(
  `${blocks} blocks, ${changes} changed ones of which ${sound} are sound; ${disagreements} disagreements`,
);
process.exitCode = disagreements === 0 ? 0 : 1;
