// Where things lie in memory. Static data of the compiler are below 64 KiB.

/** Bytes that a block has at most before its runs are expanded. */
export const BLOCK_BYTES: i32 = 900000;
/** Bytes of a compressed block at most. */
export const COMPRESSED_BYTES: i32 = 1400000;

/** What the caller writes: the compressed bytes. */
export const INPUT: usize = 0x10000;
/** The same from the last to the first, so that eight bytes loaded at once have the first bit on top; zeros below the last. */
export const REVERSED: usize = INPUT + 0x160000;
/** Zeros below, for reading beyond the end. */
export const REVERSED_MARGIN: i32 = 256;
/** Selectors: which table decodes each group of symbols. */
export const SELECTORS: usize = REVERSED + 0x160000;
/** Runs of bytes in the last column: the byte, and its number << 8. */
export const RUNS: usize = SELECTORS + 0x8000;
/** Entries of the inverse transform. */
export const ENTRIES: usize = RUNS + 0x380000;
/** Bytes of the block in order, before their runs are expanded. */
export const BYTES: usize = ENTRIES + 0x380000;
/** Where each walk writes; not a multiple of 4096, for the cache's sake. */
export const WALKED: usize = BYTES + 0xe0000;
export const WALKED_STRIDE: usize = 901440;
export const WALKS: usize = 16;
/** Tables for checksums. */
export const CRC_TABLES: usize = WALKED + WALKS * WALKED_STRIDE;
/** What comes out; memory grows where runs need more. */
export const OUTPUT: usize = CRC_TABLES + 0x2000;
