import { UserError } from "@lukeforge/corpus";
import type { Tokenizer } from "@lukeforge/vocab";
import { knownToken } from "./known_tokens.ts";

/**
 * The ids of words to choose from, by Hugging Face's rule: a token of that spelling, else the first token of the word. Each id once, in
 * ascending order.
 *
 * @throws {UserError} when nothing is left.
 */
export function targetIds(
  tokenizer: Tokenizer,
  targets: readonly string[],
  notice: (line: string) => void,
): number[] {
  const spelled = idsOf(tokenizer, new Set(targets));
  const ids = new Set<number>();
  for (const target of new Set(targets)) {
    let id = spelled.get(target);
    if (id === undefined) {
      [id] = tokenizer.encodeText(target, { addSpecialTokens: false }).ids;
      const instead = id === undefined
        ? "it is passed over"
        : `${JSON.stringify(tokenizer.token(id))} is taken for it`;
      notice(`target ${JSON.stringify(target)} is no token of the vocabulary: ${instead}`);
    }
    if (id !== undefined) ids.add(id);
  }
  if (ids.size === 0) {
    throw new UserError("--targets: none of them has a token; give words of the vocabulary");
  }
  return [...ids].sort((a, b) => a - b);
}

function idsOf(tokenizer: Tokenizer, tokens: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>();
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const token = knownToken(tokenizer, id);
    if (token !== undefined && tokens.has(token)) found.set(token, id);
  }
  return found;
}
