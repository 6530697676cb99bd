import { exhausted, isAtEnd, openBits, take } from "./bits";
import { crc32 } from "./crc";
import { readTables } from "./huffman";
import { invert } from "./inverse_bwt";
import { COMPRESSED_BYTES, INPUT, OUTPUT } from "./memory";
import { decodeRuns, RECENT } from "./move_to_front";
import { undoRandomisation } from "./randomised";
import { expandRuns } from "./run_lengths";

export const input: i32 = <i32>INPUT;
export const inputBytes: i32 = COMPRESSED_BYTES;
export const output: i32 = <i32>OUTPUT;

/**
 * Decodes a block: bits [from, to), with its mark, of the `length` bytes at {@linkcode input}. Returns the length of what stands at
 * {@linkcode output}; -1 when the bits are damaged, -2 when there is no memory, -3 when it would be more than `limit` bytes.
 */
export function decode(length: i32, from: i32, to: i32, limit: i32): i32 {
  openBits(length, from, to);
  if (take(24) !== 0x314159 || take(24) !== 0x265359) return -1;
  const crc = take(32);
  const isRandomised = take(1) !== 0;
  const row = <i32>take(24);
  const used = readUsed();
  if (used === 0 || !readTables(used + 2)) return -1;
  const count = decodeRuns(used + 1);
  if (row >= count || !isAtEnd()) return -1;
  invert(count, row);
  if (isRandomised) undoRandomisation(count);
  const expanded = expandRuns(count, limit);
  return expanded < 0 || crc32(OUTPUT, expanded) === crc ? expanded : -1;
}

/** Reads which bytes the block has, into {@linkcode RECENT}, and returns their number; 0 when the bits end. */
function readUsed(): i32 {
  let used = 0;
  const groups = take(16);
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >>> group)) === 0) continue;
    const bytes = take(16);
    for (let i = 0; i < 16; i++) {
      if ((bytes & (0x8000 >>> i)) !== 0) store<u8>(RECENT + used++, <u8>(group << 4 | i));
    }
  }
  return exhausted ? 0 : used;
}
