import { WeightsError } from "./weights_error.ts";

/** Bytes that are read at any place: a file, or a part of one. */
export interface StoredBytes {
  /** The file, and the part of it, for messages. */
  readonly path: string;
  /** Number of bytes. */
  readonly size: number;
  /** `length` bytes from `position` on, in memory of their own. @throws {WeightsError} when there are not so many. */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/** The bytes [begin, begin + length) of a source under a name of their own. */
export function partOf(source: StoredBytes, path: string, begin: number, length: number): StoredBytes {
  return {
    path,
    size: length,
    read: (position, count) => {
      checkRange(path, length, position, count);
      return source.read(begin + position, count);
    },
  };
}

/**
 * Throws where bytes are wanted that are not there. To be called before memory is taken for them: a length often comes from the
 * file itself.
 */
export function checkRange(path: string, size: number, position: number, length: number): void {
  if (position >= 0 && length >= 0 && position + length <= size) return;
  throw new WeightsError(
    `${path}: truncated: bytes ${position} to ${position + length} are wanted, there are ${size}`,
  );
}
