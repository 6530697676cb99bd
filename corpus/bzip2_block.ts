import { decode as decodeInput, input, inputBytes, memory, output } from "./bzip2_block/block.wasm";
import { UserError } from "./user_error.ts";

/** One block of bzip2: bits [from, to) of `bytes`, from its mark to that of what follows. */
export interface Bzip2Block {
  /** Its bytes; the first and the last may have bits of neighbours. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its first bit. */
  readonly from: number;
  /** The bit after its last. */
  readonly to: number;
}

const NO_MEMORY = -2;
const LONG = -3;

/** A block comes to more bytes than this only where bytes are repeated hundreds of times. */
export const LONG_BLOCK = 1 << 22;

/** What a block is decoded to: its bytes, `long` where they are more than {@linkcode LONG_BLOCK}, undefined where it is damaged. */
export type Bzip2Output = Uint8Array<ArrayBuffer> | "long" | undefined;

/**
 * Decodes a block and verifies its checksum. Its bytes are what `bzip2_block/*.as` make of it, compiled to WebAssembly; they may be up
 * to 47 MB, as five bytes of a block can stand for 259.
 *
 * @returns undefined when the block is damaged, or ends elsewhere than at `to`.
 * @throws {UserError} when there is no memory for what comes out.
 */
export function decodeBzip2Block(block: Bzip2Block): Uint8Array<ArrayBuffer> | undefined {
  const output = decode(block, 0x7fffffff);
  return output === "long" ? undefined : output;
}

/**
 * The same, but nothing is written, and no checksum verified, of a block that comes to more than {@linkcode LONG_BLOCK} bytes: so
 * that many may be decoded ahead.
 */
export function decodeShortBlock(block: Bzip2Block): Bzip2Output {
  return decode(block, LONG_BLOCK);
}

function decode({ bytes, from, to }: Bzip2Block, limit: number): Bzip2Output {
  if (bytes.length > inputBytes || to > bytes.length * 8) return undefined;
  new Uint8Array(memory.buffer).set(bytes, input);
  const length = decodeInput(bytes.length, from, to, limit);
  if (length === LONG) return "long";
  if (length === NO_MEMORY) {
    throw new UserError("no memory left for the bzip2 decoder: free some and run again");
  }
  return length < 0 ? undefined : new Uint8Array(memory.buffer, output, length).slice();
}
