import { createHash } from "node:crypto";
import { InvalidArgumentError } from "commander";

/** Which part of a split each page belongs to. */
export interface PageSplit {
  /** Names of the parts, in the order of their shares; one empty name when nothing is split. */
  readonly names: readonly string[];
  /** The index of the part to which the page `title` belongs. */
  partOf(title: string): number;
}

/** Everything in one part. */
export const WHOLE: PageSplit = { names: [""], partOf: () => 0 };

/**
 * Divides pages by SHA-256 of seed and title: a page's part depends on nothing else, so it is the same in every format and stays as
 * other pages come and go. Shares hold on average.
 *
 * @param shares of which each part gets its proportion: `[0.8, 0.2]`, `[80, 20]`.
 */
export function seededSplit(shares: readonly number[], seed: number): PageSplit {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  const ends = shares.map((share) => (sum += share) / total);
  return {
    names: partNames(shares.length),
    partOf(title) {
      const hash = createHash("sha256").update(`${seed}\n${title}`).digest();
      const place = hash.readUIntBE(0, 6) / 2 ** 48;
      return Math.max(0, ends.findIndex((end) => place < end));
    },
  };
}

function partNames(count: number): string[] {
  if (count === 2) return ["train", "test"];
  if (count === 3) return ["train", "validation", "test"];
  return Array.from({ length: count }, (_, i) => `part${i + 1}`);
}

/** Reads the shares of `--split`: `0.8/0.2`, `80/10/10`. */
export function splitShares(text: string): number[] {
  const shares = text.split("/").map((share) => share.trim() === "" ? NaN : Number(share));
  if (shares.length < 2 || !shares.every((share) => share > 0 && Number.isFinite(share))) {
    throw new InvalidArgumentError("give two shares or more, such as 0.8/0.2.");
  }
  return shares;
}
