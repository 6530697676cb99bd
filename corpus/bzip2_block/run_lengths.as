import { BYTES, OUTPUT } from "./memory";

/** What is written beyond the end of output at most. */
const MARGIN: usize = 512;

/** Makes `bytes` bytes of memory. False when there are none. */
function reserve(bytes: usize): bool {
  const pages = <i32>((bytes + 0xffff) >>> 16) - memory.size();
  return pages <= 0 || memory.grow(pages) >= 0;
}

/**
 * Writes the block of `count` bytes to {@linkcode OUTPUT}: four equal bytes are followed by one that says how often the byte is
 * repeated. Returns the length of output; -1 when that byte is missing, -2 when memory is, -3 when there is more than `limit`.
 */
export function expandRuns(count: i32, limit: i32): i32 {
  let from = BYTES, to = OUTPUT;
  const end = BYTES + count;
  while (true) {
    if (<i32>(to + (end - from) - OUTPUT) > limit) return -3;
    if (!reserve(to + (end - from) + MARGIN)) return -2;
    let run = 0;
    while (true) {
      const bytes = v128.load(from), next = v128.load(from, 1);
      v128.store(to, bytes);
      const two = i8x16.eq(bytes, next);
      const four = v128.and(v128.and(two, i8x16.eq(next, v128.load(from, 2))), i8x16.eq(bytes, v128.load(from, 3)));
      if (v128.any_true(four)) {
        run = ctz(i8x16.bitmask(four));
        break;
      }
      from += 16;
      to += 16;
      if (from >= end) return <i32>(to + end - from - OUTPUT);
    }
    from += run;
    to += run;
    if (from + 4 >= end) {
      if (from + 4 === end) return -1;
      v128.store(to, v128.load(from));
      return <i32>(to + end - from - OUTPUT);
    }
    const repeated = v128.load8_splat(from);
    const length: usize = 4 + load<u8>(from, 4);
    for (let i: usize = 0; i < length; i += 16) v128.store(to + i, repeated);
    from += 5;
    to += length;
    if (from >= end) return <i32>(to - OUTPUT);
  }
}
