import { position } from "./bits";
import { decodeGroup, endGroup, GROUP, SYMBOLS } from "./huffman";
import { BLOCK_BYTES, RUNS } from "./memory";

/** The bytes that the block has, by last use. The first 16 are in a register while symbols are decoded. */
export const RECENT: usize = memory.data(256, 16);
/** How often each byte occurs, i32. */
export const COUNTS: usize = memory.data(4 * 256, 16);
/** By place: the lanes of 16 bytes of which that at the place moves to the front. */
const TO_FRONT: usize = memory.data(256, 16);
/** By place: all ones in the lanes up to it. */
const UP_TO: usize = memory.data(256, 16);

for (let place = 0; place < 16; place++) {
  for (let lane = 0; lane < 16; lane++) {
    store<u8>(TO_FRONT + 16 * place + lane, <u8>(lane === 0 ? place : lane <= place ? lane - 1 : lane));
    store<u8>(UP_TO + 16 * place + lane, lane <= place ? 0xff : 0);
  }
}

/** Runs of {@linkcode RUNS}. */
export let runs: i32 = 0;

/** `front` with the last byte of `before` in front of its own, without its last. */
@inline
function shift(before: v128, front: v128): v128 {
  return v128.shuffle<i8>(before, front, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/**
 * Decodes symbols up to the end of the block, whose symbol is `last`, to runs of bytes. Returns the number of bytes, -1 when there
 * are too many or the symbols are damaged.
 */
export function decodeRuns(last: i32): i32 {
  memory.fill(COUNTS, 0, 4 * 256);
  let first = v128.load(RECENT);
  let byte = <u32>load<u8>(RECENT);
  let run = 0, weight = 1, total = 0, to = RUNS;
  while (true) {
    const start = position;
    if (!decodeGroup()) return -1;
    if (total > BLOCK_BYTES) return -1;
    for (let i = 0; i < GROUP; i++) {
      const symbol = <i32>load<u16>(SYMBOLS + (i << 1));
      // A run's digit adds to it, any other symbol ends it; without branches, as nothing tells which it will be.
      const digit = (symbol - 2) >> 31;
      const ended = run & ~digit;
      store<u32>(to, run << 8 | byte);
      to += 4 & ~digit;
      total += ended;
      const count = COUNTS + (byte << 2);
      store<i32>(count, load<i32>(count) + ended);
      if (symbol >= last) {
        if (symbol > last || total > BLOCK_BYTES) return -1;
        endGroup(start, i);
        runs = <i32>(to - RUNS) >>> 2;
        return total;
      }
      run = ((run + (weight << symbol)) & digit) + 1 + digit;
      weight = ((weight << 1) & digit) + 1 + digit;
      if (run > BLOCK_BYTES) return -1;
      const place = (symbol - 1) & ~digit;
      if (place < 16) {
        first = v128.swizzle(first, v128.load(TO_FRONT + (place << 4)));
        byte = i8x16.extract_lane_u(first, 0);
      } else {
        v128.store(RECENT, first);
        byte = load<u8>(RECENT + place);
        let at = RECENT + (place & ~15);
        const top = v128.load(at);
        let before = v128.load(at - 16);
        v128.store(at, v128.bitselect(shift(before, top), top, v128.load(UP_TO + ((place & 15) << 4))));
        for (at -= 16; at > RECENT; at -= 16) {
          const chunk = before;
          before = v128.load(at - 16);
          v128.store(at, shift(before, chunk));
        }
        first = shift(i8x16.splat(<i8>byte), before);
      }
    }
  }
}
