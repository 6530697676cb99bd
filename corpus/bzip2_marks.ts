/** The 48 bits that begin a block: the digits of pi. */
export const BLOCK_MARK = 0x314159265359;
/** The 48 bits that end a stream: the digits of the square root of pi. */
export const FOOTER_MARK = 0x177245385090;
/** Bits of a mark. */
export const MARK_BITS = 48;

/** A place where a block or a footer begins, or where compressed bits look so by chance. */
export interface Bzip2Mark {
  /** The mark's first bit, counted from that of the buffer. */
  readonly bit: number;
  /** {@linkcode BLOCK_MARK} or {@linkcode FOOTER_MARK}. */
  readonly mark: number;
}

/** The `count` <= 48 bits of `bytes` that start at bit `bit`; bits beyond the end count as zero. */
export function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  let value = 0;
  for (let left = count, at = bit; left > 0;) {
    const used = at % 8;
    const take = Math.min(left, 8 - used);
    const byte = bytes[Math.floor(at / 8)] ?? 0;
    value = value * 2 ** take + ((byte >>> (8 - used - take)) & ((1 << take) - 1));
    at += take;
    left -= take;
  }
  return value;
}

/** What a pair of bytes may be part of: the mark, and how many bits before the pair it begins. */
interface Candidate {
  readonly mark: number;
  readonly bitsBefore: number;
}

/**
 * A mark, whatever its shift, holds four pairs of adjacent whole bytes, of which one begins at a multiple of four: so that one pair
 * in four is looked up. 64 of the 65,536 pairs are part of a mark; the table has 1 + their index in `candidates`.
 */
const candidates: Candidate[] = [];
const candidateOf = new Uint8Array(1 << 16);
for (const mark of [BLOCK_MARK, FOOTER_MARK]) {
  for (let shift = 0; shift < 8; shift++) {
    for (let pair = 0; pair < 4; pair++) {
      const bytes = Number((BigInt(mark) >> BigInt(24 - 8 * pair + shift)) & 0xffffn);
      candidateOf[bytes] = candidates.push({ mark, bitsBefore: 8 * (pair + 1) - shift });
    }
  }
}

/** Bytes that must lie before and after the looked-up pair for a mark around it to be whole. */
const MARGIN = 8;

/**
 * Finds the marks in bytes that come in pieces: `found` is called for each, in order, once.
 *
 * @returns how far the search has come; the next call, with more bytes at the end of `bytes`, goes on from there.
 */
export function findMarks(
  bytes: Uint8Array,
  from: number,
  isLast: boolean,
  found: (mark: Bzip2Mark) => void,
): number {
  const end = isLast ? bytes.length - 1 : bytes.length - MARGIN;
  let at = Math.ceil(from / 4) * 4;
  for (; at < end; at += 4) {
    const index = candidateOf[((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)] ?? 0;
    if (index === 0) continue;
    const candidate = candidates[index - 1];
    if (candidate === undefined) continue;
    const bit = at * 8 - candidate.bitsBefore;
    if (bit < 0 || bit + MARK_BITS > bytes.length * 8) continue;
    if (bitsAt(bytes, bit, MARK_BITS) === candidate.mark) found({ bit, mark: candidate.mark });
  }
  return at;
}
