import { INPUT, REVERSED, REVERSED_MARGIN } from "./memory";

/** The address after the last byte of the reversed input, which holds its first bits. */
let top: usize = 0;
let end: i32 = 0;

/** The bit that the next call of {@linkcode take} begins with. */
export let position: i32 = 0;
/** Whether more bits were asked for than there are. */
export let exhausted: bool = false;

/** Makes bits [from, to) of the `length` bytes of input readable. */
export function openBits(length: i32, from: i32, to: i32): void {
  top = REVERSED + REVERSED_MARGIN + length;
  for (let i = 0; i < length; i += 16) {
    const bytes = v128.load(INPUT + i);
    v128.store(
      top - 16 - i,
      v128.shuffle<i8>(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
    );
  }
  memory.fill(REVERSED, 0, REVERSED_MARGIN);
  position = from;
  end = to;
  exhausted = false;
}

export function seek(bit: i32): void {
  position = bit;
}

/** 57 bits or more from bit `bit` on, the first on top; up to 2000 bits beyond the end may be looked at. */
@inline
export function peek(bit: i32): u64 {
  return load<u64>(top - 8 - (bit >>> 3)) << (bit & 7);
}

/** Whether no bit before `bit` lies beyond the end. */
@inline
export function isWithin(bit: i32): bool {
  return bit <= end;
}

/** Whether all bits are taken. */
export function isAtEnd(): bool {
  return position === end;
}

/** The next `count` bits, 1 to 32 of them; zeros beyond the end. */
export function take(count: i32): u32 {
  if (position + count > end) {
    exhausted = true;
    return 0;
  }
  const bits = <u32>(peek(position) >>> (64 - count));
  position += count;
  return bits;
}
