import { BYTES, ENTRIES, RUNS, WALKED, WALKED_STRIDE, WALKS } from "./memory";
import { COUNTS, runs } from "./move_to_front";

/*
 * An entry belongs to a row of the sorted matrix of rotations: the first byte of the row, and << 10 the row that begins one byte later.
 * Row after row, from the one that is the block itself, the first bytes are the block. To go from entry to entry is to wait for
 * memory; several walks at once, from rows in all parts of the matrix, wait together. A walk ends at a row where one has begun.
 */

/** In entries of rows where walks begin. */
const BEGINS: u32 = 1 << 31;
/** One row in so many, at least, is the beginning of a walk. */
const ROWS_A_WALK: i32 = 1024;

/** By walk: where its bytes are, their number, and the walk that goes on; 12 bytes each. */
const TRACKS: usize = memory.data(12 * 1024, 16);
/** By place in the loop: the entry's address and the entry, the walk and its first byte's address. */
const AT: usize = memory.data(4 * 16, 16);
const ENTRY: usize = memory.data(4 * 16, 16);
const WALK: usize = memory.data(4 * 16, 16);
const FROM: usize = memory.data(4 * 16, 16);
const ENDS: usize = memory.data(8 * 256, 16);

let rows: i32 = 0;
let origin: i32 = 0;
let walks: i32 = 0;
let next: i32 = 0;
let busy: i32 = 0;

/** The row where a walk begins. */
@inline
function rowOf(walk: i32): i32 {
  return walk === 0 ? origin : (walk - 1) * ROWS_A_WALK;
}

@inline
function walkFrom(row: i32): i32 {
  return row === origin ? 0 : row / ROWS_A_WALK + 1;
}

/** Makes the entries from the runs of the last column, by sorting them. */
function sort(): void {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const slot = ENDS + (byte << 3);
    store<i32>(slot, sum);
    sum += load<i32>(COUNTS + (byte << 2));
    store<i32>(slot, sum, 4);
  }
  const step = i32x4(0, 1 << 10, 2 << 10, 3 << 10);
  let row = 0;
  for (let i = 0; i < runs; i++) {
    const packed = load<u32>(RUNS + (i << 2));
    const byte = packed & 255;
    const run = <i32>(packed >>> 8);
    const slot = ENDS + (byte << 3);
    const to = load<i32>(slot);
    store<i32>(slot, to + run);
    let at = ENTRIES + (to << 2);
    const entry = row << 10 | byte;
    if (to + ((run + 3) & ~3) <= load<i32>(slot, 4)) {
      let entries = i32x4.add(i32x4.splat(entry), step);
      v128.store(at, entries);
      for (let left = run - 4; left > 0; left -= 4) {
        entries = i32x4.add(entries, i32x4.splat(4 << 10));
        v128.store(at += 16, entries);
      }
    } else {
      for (let k = 0; k < run; k++) store<u32>(at + (k << 2), entry + (k << 10));
    }
    row += run;
  }
}

/** Ends the walks that have come to the beginning of one, and begins others in their place. False when none is left. */
function arrive(step: usize): bool {
  for (let place: usize = 0; place < WALKS; place++) {
    const four = place << 2;
    if (load<i32>(ENTRY + four) >= 0) continue;
    const here = WALKED + place * WALKED_STRIDE + step;
    const walk = load<i32>(WALK + four);
    if (walk >= 0) {
      const track = TRACKS + walk * 12;
      const from = load<usize>(FROM + four);
      store<usize>(track, from);
      store<i32>(track, <i32>(here - from), 4);
      store<i32>(track, walkFrom(<i32>load<u32>(AT + four) >>> 2), 8);
      busy--;
    }
    if (next > 0 && next < walks && rowOf(next) === origin) next++;
    if (next < walks) {
      const entry = load<u32>(ENTRIES + (rowOf(next) << 2)) & ~BEGINS;
      store<u32>(ENTRY + four, entry);
      store<u8>(here, <u8>entry);
      store<i32>(WALK + four, next++);
      store<usize>(FROM + four, here);
      busy++;
    } else {
      store<u32>(ENTRY + four, rows << 10); // the entry after the last, which leads to itself
      store<i32>(WALK + four, -1);
    }
  }
  return busy > 0;
}

function walk(): void {
  let step: usize = 0;
  for (let place: usize = 0; place < WALKS; place++) {
    store<u32>(ENTRY + (place << 2), BEGINS);
    store<i32>(WALK + (place << 2), -1);
  }
  arrive(0);
  let e0 = load<u32>(ENTRY), e1 = load<u32>(ENTRY, 4), e2 = load<u32>(ENTRY, 8), e3 = load<u32>(ENTRY, 12);
  let e4 = load<u32>(ENTRY, 16), e5 = load<u32>(ENTRY, 20), e6 = load<u32>(ENTRY, 24), e7 = load<u32>(ENTRY, 28);
  let e8 = load<u32>(ENTRY, 32), e9 = load<u32>(ENTRY, 36), e10 = load<u32>(ENTRY, 40), e11 = load<u32>(ENTRY, 44);
  let e12 = load<u32>(ENTRY, 48), e13 = load<u32>(ENTRY, 52), e14 = load<u32>(ENTRY, 56), e15 = load<u32>(ENTRY, 60);
  while (true) {
    step++;
    const p0 = e0 >>> 8, p1 = e1 >>> 8, p2 = e2 >>> 8, p3 = e3 >>> 8;
    const p4 = e4 >>> 8, p5 = e5 >>> 8, p6 = e6 >>> 8, p7 = e7 >>> 8;
    const p8 = e8 >>> 8, p9 = e9 >>> 8, p10 = e10 >>> 8, p11 = e11 >>> 8;
    const p12 = e12 >>> 8, p13 = e13 >>> 8, p14 = e14 >>> 8, p15 = e15 >>> 8;
    e0 = load<u32>(p0, ENTRIES);
    store<u8>(step, <u8>e0, WALKED);
    e1 = load<u32>(p1, ENTRIES);
    store<u8>(step, <u8>e1, WALKED + WALKED_STRIDE);
    e2 = load<u32>(p2, ENTRIES);
    store<u8>(step, <u8>e2, WALKED + 2 * WALKED_STRIDE);
    e3 = load<u32>(p3, ENTRIES);
    store<u8>(step, <u8>e3, WALKED + 3 * WALKED_STRIDE);
    e4 = load<u32>(p4, ENTRIES);
    store<u8>(step, <u8>e4, WALKED + 4 * WALKED_STRIDE);
    e5 = load<u32>(p5, ENTRIES);
    store<u8>(step, <u8>e5, WALKED + 5 * WALKED_STRIDE);
    e6 = load<u32>(p6, ENTRIES);
    store<u8>(step, <u8>e6, WALKED + 6 * WALKED_STRIDE);
    e7 = load<u32>(p7, ENTRIES);
    store<u8>(step, <u8>e7, WALKED + 7 * WALKED_STRIDE);
    e8 = load<u32>(p8, ENTRIES);
    store<u8>(step, <u8>e8, WALKED + 8 * WALKED_STRIDE);
    e9 = load<u32>(p9, ENTRIES);
    store<u8>(step, <u8>e9, WALKED + 9 * WALKED_STRIDE);
    e10 = load<u32>(p10, ENTRIES);
    store<u8>(step, <u8>e10, WALKED + 10 * WALKED_STRIDE);
    e11 = load<u32>(p11, ENTRIES);
    store<u8>(step, <u8>e11, WALKED + 11 * WALKED_STRIDE);
    e12 = load<u32>(p12, ENTRIES);
    store<u8>(step, <u8>e12, WALKED + 12 * WALKED_STRIDE);
    e13 = load<u32>(p13, ENTRIES);
    store<u8>(step, <u8>e13, WALKED + 13 * WALKED_STRIDE);
    e14 = load<u32>(p14, ENTRIES);
    store<u8>(step, <u8>e14, WALKED + 14 * WALKED_STRIDE);
    e15 = load<u32>(p15, ENTRIES);
    store<u8>(step, <u8>e15, WALKED + 15 * WALKED_STRIDE);
    const any = e0 | e1 | e2 | e3 | e4 | e5 | e6 | e7 | e8 | e9 | e10 | e11 | e12 | e13 | e14 | e15;
    if (<i32>any >= 0) continue;
    store<u32>(AT, p0), store<u32>(AT, p1, 4), store<u32>(AT, p2, 8), store<u32>(AT, p3, 12);
    store<u32>(AT, p4, 16), store<u32>(AT, p5, 20), store<u32>(AT, p6, 24), store<u32>(AT, p7, 28);
    store<u32>(AT, p8, 32), store<u32>(AT, p9, 36), store<u32>(AT, p10, 40), store<u32>(AT, p11, 44);
    store<u32>(AT, p12, 48), store<u32>(AT, p13, 52), store<u32>(AT, p14, 56), store<u32>(AT, p15, 60);
    store<u32>(ENTRY, e0), store<u32>(ENTRY, e1, 4), store<u32>(ENTRY, e2, 8), store<u32>(ENTRY, e3, 12);
    store<u32>(ENTRY, e4, 16), store<u32>(ENTRY, e5, 20), store<u32>(ENTRY, e6, 24), store<u32>(ENTRY, e7, 28);
    store<u32>(ENTRY, e8, 32), store<u32>(ENTRY, e9, 36), store<u32>(ENTRY, e10, 40), store<u32>(ENTRY, e11, 44);
    store<u32>(ENTRY, e12, 48), store<u32>(ENTRY, e13, 52), store<u32>(ENTRY, e14, 56), store<u32>(ENTRY, e15, 60);
    if (!arrive(step)) return;
    e0 = load<u32>(ENTRY), e1 = load<u32>(ENTRY, 4), e2 = load<u32>(ENTRY, 8), e3 = load<u32>(ENTRY, 12);
    e4 = load<u32>(ENTRY, 16), e5 = load<u32>(ENTRY, 20), e6 = load<u32>(ENTRY, 24), e7 = load<u32>(ENTRY, 28);
    e8 = load<u32>(ENTRY, 32), e9 = load<u32>(ENTRY, 36), e10 = load<u32>(ENTRY, 40), e11 = load<u32>(ENTRY, 44);
    e12 = load<u32>(ENTRY, 48), e13 = load<u32>(ENTRY, 52), e14 = load<u32>(ENTRY, 56), e15 = load<u32>(ENTRY, 60);
  }
}

/** Puts the walks' bytes together, from the block's row on. */
function join(): void {
  let done = 0, walk = 0;
  do {
    const track = TRACKS + walk * 12;
    const length = load<i32>(track, 4);
    memory.copy(BYTES + done, load<usize>(track), length);
    done += length;
    walk = load<i32>(track, 8);
  } while (walk !== 0);
  // A block that repeats a shorter one goes round several times.
  while (done < rows) {
    const more = min(done, rows - done);
    memory.copy(BYTES + done, BYTES, more);
    done += more;
  }
}

/** Writes the bytes of the block whose last column is in {@linkcode RUNS}, `count` >= 1 rows, of which row `row` is the block. */
export function invert(count: i32, row: i32): void {
  rows = count;
  origin = row;
  walks = (count - 1) / ROWS_A_WALK + 2;
  next = 0;
  busy = 0;
  sort();
  store<u32>(ENTRIES + (count << 2), count << 10);
  for (let walk = 0; walk < walks; walk++) {
    const entry = ENTRIES + (rowOf(walk) << 2);
    store<u32>(entry, load<u32>(entry) | BEGINS);
  }
  walk();
  join();
}
