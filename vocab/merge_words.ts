import { PairMerger, type WeightedWords } from "./pair_merger.ts";

/** What byte-pair merging starts from. */
export interface MergeWordsOptions {
  /** Words with their counts. */
  readonly words: Iterable<readonly [word: string, count: number]>;
  /** Tokens by id before any merge: special tokens, then single characters, with `prefix` where they continue a word. */
  readonly tokens: readonly string[];
  /** Marks what continues a word: `##` for WordPiece, empty for byte-level BPE. */
  readonly prefix: string;
  /** Tokens at most. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. */
  readonly minFrequency: number;
  /** Tokens so far and `vocabSize`. */
  readonly progress?: ((done: number, total: number | undefined) => void) | undefined;
}

/** Tokens by id, and the merges by rank, each as the ids of its parts. */
export interface MergedWords {
  /** By id. */
  readonly tokens: readonly string[];
  /** By rank. A pair that came up twice stands at its later rank, as in the files of Hugging Face tokenizers. */
  readonly merges: readonly (readonly [left: number, right: number])[];
}

/**
 * Byte-pair encoding (Sennrich et al. 2016) as Hugging Face tokenizers trains it: the most frequent pair of neighbouring
 * symbols becomes a token, of equally frequent ones the pair of smallest ids, until there are `vocabSize` tokens. Characters of
 * words that are no token are dropped.
 */
export function mergeWords(
  { words, tokens: first, prefix, vocabSize, minFrequency, progress }: MergeWordsOptions,
): MergedWords {
  const tokens = [...first];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merger = new PairMerger(spelled(words, ids, prefix));
  const merges = new Map<string, readonly [number, number]>();
  while (tokens.length < vocabSize) {
    const best = merger.next();
    if (best === undefined || best.count < minFrequency) break;
    const { left, right } = best;
    const rest = tokens[right] ?? "";
    const token = (tokens[left] ?? "") + (rest.startsWith(prefix) ? rest.slice(prefix.length) : rest);
    // Two ways to spell a token lead to the same id.
    let id = ids.get(token);
    if (id === undefined) {
      ids.set(token, id = tokens.length);
      tokens.push(token);
    }
    const key = `${left} ${right}`;
    merges.delete(key);
    merges.set(key, [left, right]);
    merger.merge(best, id);
    progress?.(tokens.length, vocabSize);
  }
  return { tokens, merges: [...merges.values()] };
}

/** Words as ids of characters; words of one symbol have nothing to merge. */
function spelled(
  words: Iterable<readonly [string, number]>,
  ids: ReadonlyMap<string, number>,
  prefix: string,
): WeightedWords {
  const first = new Map<string, number>();
  const later = new Map<string, number>();
  for (const [token, id] of ids) {
    if (isOneCharacter(token)) first.set(token, id);
    if (token.startsWith(prefix) && isOneCharacter(token.slice(prefix.length))) {
      later.set(token.slice(prefix.length), id);
    }
  }
  const starts = [0];
  const counts: number[] = [];
  let symbols = new Uint32Array(1 << 16);
  let size = 0;
  for (const [word, count] of words) {
    const start = size;
    if (size + word.length > symbols.length) {
      const grown = new Uint32Array(2 * symbols.length + word.length);
      grown.set(symbols);
      symbols = grown;
    }
    let isFirst = true;
    for (const character of word) {
      const id = (isFirst ? first : later).get(character);
      if (id !== undefined) symbols[size++] = id;
      isFirst = false;
    }
    if (size < start + 2) {
      size = start;
      continue;
    }
    starts.push(size);
    counts.push(count);
  }
  return {
    symbols: symbols.slice(0, size),
    starts: Uint32Array.from(starts),
    counts: Float64Array.from(counts),
  };
}

function isOneCharacter(text: string): boolean {
  const code = text.codePointAt(0);
  return code !== undefined && text.length === (code > 0xffff ? 2 : 1);
}
