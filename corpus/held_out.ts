import { createHash } from "node:crypto";

/**
 * Whether the page `title` belongs to the `fraction` (0 to 1) of pages kept out of training for validation. It depends on the
 * title's SHA-256 alone, so every vocabulary, data set and run agrees, and a larger fraction holds out the smaller one's pages too.
 */
export function isHeldOut(title: string, fraction: number): boolean {
  const hash = createHash("sha256").update(title).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48 < fraction;
}
