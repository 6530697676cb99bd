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
