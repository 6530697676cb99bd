import { UserError } from "./user_error.ts";

/** The input ended before its format allows; what was read up to there is sound. */
export class TruncatedInputError extends UserError {}

/** The error for `name`, which stops at `place` in the middle of something. */
export function truncated(name: string, place: string): TruncatedInputError {
  return new TruncatedInputError(
    `${name}: cut off at ${place}: download it again, or pass --allow-truncated to keep the pages before the cut`,
  );
}

/** The error for `name`, whose compressed data make no sense near byte `offset` because of `reason`. */
export function damaged(name: string, offset: number, reason: string): UserError {
  return new UserError(
    `${name}: damaged near byte ${offset} (${reason}): download it again and compare its published checksum`,
  );
}

/** The error for `bytes`, which come at byte `offset` of the text of `name` and are not UTF-8. */
export function notUtf8(name: string, offset: number, bytes: Uint8Array): UserError {
  return new UserError(
    `${name}: not UTF-8 at byte ${
      offset + Math.min(validUtf8Length(bytes), bytes.length - 1)
    } of its XML: give a MediaWiki dump, or download it again`,
  );
}

/** How many bytes from the start are UTF-8, the beginning of a character at the end included: found by halving. */
export function validUtf8Length(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (valid + 1 < invalid) {
    const middle = (valid + invalid) >>> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  return valid;
}
