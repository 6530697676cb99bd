import { decode, input, inputBytes, memory, output } from "./bzip2_block/block.wasm";
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

/**
 * Decodes a block and verifies its checksum. Its bytes are what `bzip2_block/*.as` make of it, compiled to WebAssembly; they may be up
 * to 47 MB, as five bytes of a block can stand for 259.
 *
 * @returns undefined when the block is damaged, or ends elsewhere than at `to`.
 * @throws {UserError} when there is no memory for what comes out.
 */
export function decodeBzip2Block({ bytes, from, to }: Bzip2Block): Uint8Array<ArrayBuffer> | undefined {
  if (bytes.length > inputBytes || to > bytes.length * 8) return undefined;
  new Uint8Array(memory.buffer).set(bytes, input);
  const length = decode(bytes.length, from, to);
  if (length === NO_MEMORY) {
    throw new UserError("no memory left for the bzip2 decoder: free some and run again");
  }
  return length < 0 ? undefined : new Uint8Array(memory.buffer, output, length).slice();
}
