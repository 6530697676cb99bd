import type { ItemEntity, TokenizedSentence } from "./page_items.ts";

/**
 * Divides a sentence into about equal parts of at most `maxWords` words. No part begins inside a mention, nor, where there is a
 * choice, inside a word. A mention that alone is longer than `maxWords` stays as plain words.
 */
export function splitLongSentence(
  sentence: TokenizedSentence,
  maxWords: number,
  tokenizer: { isSubword(id: number): boolean },
): TokenizedSentence[] {
  const { wordIds } = sentence;
  const entities = sentence.entities.filter((entity) => entity.length <= maxWords);
  // 0: a cut is welcome before this word; 1: it would cut a word; 2: it would cut a mention.
  const harm = Uint8Array.from(wordIds, (id) => tokenizer.isSubword(id) ? 1 : 0);
  for (const { start, length } of entities) harm.fill(2, start + 1, start + length);
  const parts: TokenizedSentence[] = [];
  let start = 0, passed = 0;
  while (start < wordIds.length) {
    const rest = wordIds.length - start;
    const end = rest <= maxWords ? wordIds.length : start +
      nearestCut(harm.subarray(start, start + maxWords + 1), Math.ceil(rest / Math.ceil(rest / maxWords)));
    const within: ItemEntity[] = [];
    for (
      let entity = entities[passed];
      entity !== undefined && entity.start < end;
      entity = entities[++passed]
    ) {
      within.push({ ...entity, start: entity.start - start });
    }
    parts.push({ wordIds: wordIds.slice(start, end), entities: within });
    start = end;
  }
  return parts;
}

/** The least harmful cut, among equals the nearest one to `target`. Cuts are 1 … window − 1. */
function nearestCut(harm: Uint8Array, target: number): number {
  for (const allowed of [0, 1]) {
    for (let distance = 0; distance < harm.length; distance++) {
      for (const cut of [target - distance, target + distance]) {
        if (cut >= 1 && cut < harm.length && (harm[cut] ?? 2) <= allowed) return cut;
      }
    }
  }
  return target; // cannot be: mentions fit into a part
}
