import type { Tokenizer } from "@lukeforge/vocab";

type Tokens = Pick<Tokenizer, "token" | "vocabSize">;

/** The token of an id; undefined where there is none: a vocabulary may have gaps, a table of words more rows than it. */
export function knownToken(tokenizer: Tokens, id: number): string | undefined {
  if (id >= tokenizer.vocabSize) return undefined;
  try {
    return tokenizer.token(id);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The ids that have a token; the others decode to nothing. */
export function knownTokens(tokenizer: Tokens, ids: Iterable<number>): number[] {
  return Array.from(ids).filter((id) => knownToken(tokenizer, id) !== undefined);
}
