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
      offset + validPrefix(bytes)
    } of its XML: give a MediaWiki dump, or download it again`,
  );
}

/** How many bytes come before the first that cannot be UTF-8. */
function validPrefix(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
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
