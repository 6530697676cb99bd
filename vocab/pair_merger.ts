import { MaxHeap } from "./max_heap.ts";

/** A word as ids of its symbols, and how often it occurs. */
export interface WeightedWord {
  symbols: number[];
  readonly count: number;
}

/** Ids stay below 2^26, so that a pair of them is an exact number. */
const PAIR_BASE = 2 ** 26;

/**
 * The pairs of neighbouring symbols in a set of weighted words, and the merging of the most frequent one. Counts are kept up
 * to date from the words that a merge touches; the heap holds outdated entries, which are renewed when they come to the top.
 */
export class PairMerger {
  readonly #words: WeightedWord[];
  readonly #pairOf = new Map<number, number>();
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #counts: number[] = [];
  // Words that may hold the pair: one may be listed twice, or no longer hold it.
  readonly #wordsOf: number[][] = [];
  readonly #entryPair: number[] = [];
  readonly #entryCount: number[] = [];
  readonly #heap: MaxHeap;

  /** Counts the pairs of `words`, whose symbols it changes as pairs merge. */
  constructor(words: WeightedWord[]) {
    this.#words = words;
    this.#heap = new MaxHeap((a, b) => this.#before(a, b));
    for (const [index, { symbols, count }] of words.entries()) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        this.#add(symbols[i] ?? 0, symbols[i + 1] ?? 0, count, index);
      }
    }
    for (let pair = 0; pair < this.#counts.length; pair++) this.#enqueue(pair);
  }

  /** The most frequent pair, of equally frequent ones the pair of smallest ids; `undefined` when there is none. */
  next():
    | { readonly pair: number; readonly left: number; readonly right: number; readonly count: number }
    | undefined {
    for (;;) {
      const entry = this.#heap.pop();
      if (entry === undefined) return undefined;
      const pair = this.#entryPair[entry] ?? 0;
      const count = this.#counts[pair] ?? 0;
      if (count !== this.#entryCount[entry]) {
        if (count > 0) this.#enqueue(pair);
      } else if (count > 0) {
        return { pair, left: this.#left[pair] ?? 0, right: this.#right[pair] ?? 0, count };
      }
    }
  }

  /** Replaces a pair that {@linkcode PairMerger.next} gave by the symbol `merged`, left to right in every word. */
  merge(pair: number, merged: number): void {
    const left = this.#left[pair] ?? 0;
    const right = this.#right[pair] ?? 0;
    const grown = new Set<number>();
    for (const index of this.#wordsOf[pair] ?? []) {
      const word = this.#words[index];
      if (word !== undefined) this.#mergeInWord(word, index, left, right, merged, grown);
    }
    this.#counts[pair] = 0;
    this.#wordsOf[pair] = [];
    for (const one of grown) {
      if ((this.#counts[one] ?? 0) > 0) this.#enqueue(one);
    }
  }

  #mergeInWord(
    word: WeightedWord,
    index: number,
    left: number,
    right: number,
    merged: number,
    grown: Set<number>,
  ): void {
    const { symbols, count } = word;
    const result: number[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const symbol = symbols[i] ?? 0;
      if (symbol !== left || symbols[i + 1] !== right) {
        result.push(symbol);
        continue;
      }
      const before = result.at(-1);
      if (before !== undefined) {
        this.#subtract(before, left, count);
        grown.add(this.#add(before, merged, count, index));
      }
      const after = symbols[i + 2];
      if (after !== undefined) {
        this.#subtract(right, after, count);
        grown.add(this.#add(merged, after, count, index));
      }
      result.push(merged);
      i++;
    }
    word.symbols = result;
  }

  #add(left: number, right: number, count: number, word: number): number {
    const key = left * PAIR_BASE + right;
    let pair = this.#pairOf.get(key);
    if (pair === undefined) {
      pair = this.#counts.length;
      this.#pairOf.set(key, pair);
      this.#left.push(left);
      this.#right.push(right);
      this.#counts.push(0);
      this.#wordsOf.push([]);
    }
    this.#counts[pair] = (this.#counts[pair] ?? 0) + count;
    const words = this.#wordsOf[pair];
    if (words?.at(-1) !== word) words?.push(word);
    return pair;
  }

  #subtract(left: number, right: number, count: number): void {
    const pair = this.#pairOf.get(left * PAIR_BASE + right);
    if (pair !== undefined) this.#counts[pair] = (this.#counts[pair] ?? 0) - count;
  }

  #enqueue(pair: number): void {
    this.#entryPair.push(pair);
    this.#entryCount.push(this.#counts[pair] ?? 0);
    this.#heap.push(this.#entryPair.length - 1);
  }

  #before(a: number, b: number): boolean {
    const more = (this.#entryCount[a] ?? 0) - (this.#entryCount[b] ?? 0);
    if (more !== 0) return more > 0;
    const x = this.#entryPair[a] ?? 0;
    const y = this.#entryPair[b] ?? 0;
    const left = (this.#left[x] ?? 0) - (this.#left[y] ?? 0);
    return left !== 0 ? left < 0 : (this.#right[x] ?? 0) < (this.#right[y] ?? 0);
  }
}
