import { MaxHeap } from "./max_heap.ts";

/** Words as ids of their symbols, one after another, with how often each occurs. */
export interface WeightedWords {
  /** The symbols of all words. Merging changes them. */
  readonly symbols: Uint32Array;
  /** Where each word starts in `symbols`, and at the end their number. */
  readonly starts: Uint32Array;
  /** Occurrences of each word. */
  readonly counts: Float64Array;
}

/** A pair that can be merged, as {@linkcode PairMerger.next} gives it. */
export interface MergeCandidate {
  /** What {@linkcode PairMerger.merge} takes. */
  readonly entry: number;
  /** Id of the first symbol. */
  readonly left: number;
  /** Id of the second symbol. */
  readonly right: number;
  /** Occurrences. */
  readonly count: number;
}

/** Ids stay below 2^26, so that a pair of them is an exact number. */
const PAIR_BASE = 2 ** 26;

/**
 * The pairs of neighbouring symbols in a set of weighted words, and the merging of the most frequent one, in the order of Hugging
 * Face tokenizers (all versions up to 0.23). Counts are kept up to date from the words that a merge touches; the heap holds
 * outdated entries, which are renewed when they come to the top.
 *
 * Where a token arises in two ways (`a`+`bc` and `ab`+`c`), pairs with it may come up again after they were merged. As in that
 * library such a pair has an entry of its own for the words of each merge, and its count still holds what was merged before.
 */
export class PairMerger {
  readonly #symbols: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #weights: Float64Array;
  readonly #pairOf = new Map<number, number>();
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #counts: number[] = [];
  readonly #entryPair: number[] = [];
  readonly #entryCount: number[] = [];
  // A word may be listed twice, or no longer hold the pair.
  readonly #entryWords: (number[] | undefined)[] = [];
  readonly #heap: MaxHeap;

  /** Counts the pairs of `words`. */
  constructor({ symbols, starts, counts }: WeightedWords) {
    this.#symbols = symbols;
    this.#starts = starts;
    this.#weights = counts;
    this.#lengths = Uint32Array.from(counts, (_, word) => (starts[word + 1] ?? 0) - (starts[word] ?? 0));
    this.#heap = new MaxHeap((a, b) => this.#before(a, b));
    const found = new Map<number, number[]>();
    for (let word = 0; word < counts.length; word++) {
      const end = (starts[word + 1] ?? 0) - 1;
      for (let i = starts[word] ?? 0; i < end; i++) {
        this.#add(symbols[i] ?? 0, symbols[i + 1] ?? 0, counts[word] ?? 0, word, found);
      }
    }
    this.#enqueue(found);
  }

  /** The most frequent pair, of equally frequent ones the pair of smallest ids; `undefined` when there is none. */
  next(): MergeCandidate | undefined {
    for (;;) {
      const entry = this.#heap.pop();
      if (entry === undefined) return undefined;
      const pair = this.#entryPair[entry] ?? 0;
      const count = this.#counts[pair] ?? 0;
      if (count === 0) this.#entryWords[entry] = undefined;
      else if (count !== this.#entryCount[entry]) {
        this.#entryCount[entry] = count;
        this.#heap.push(entry);
      } else return { entry, left: this.#left[pair] ?? 0, right: this.#right[pair] ?? 0, count };
    }
  }

  /** Replaces a pair that {@linkcode PairMerger.next} gave by the symbol `merged`, left to right in every word of the entry. */
  merge({ entry, left, right }: MergeCandidate, merged: number): void {
    const found = new Map<number, number[]>();
    for (const word of this.#entryWords[entry] ?? []) this.#mergeInWord(word, left, right, merged, found);
    this.#entryWords[entry] = undefined;
    this.#enqueue(found);
  }

  #mergeInWord(
    word: number,
    left: number,
    right: number,
    merged: number,
    found: Map<number, number[]>,
  ): void {
    const symbols = this.#symbols;
    const start = this.#starts[word] ?? 0;
    const end = start + (this.#lengths[word] ?? 0);
    const weight = this.#weights[word] ?? 0;
    let to = start;
    for (let from = start; from < end; from++) {
      const symbol = symbols[from] ?? 0;
      if (symbol !== left || from + 1 >= end || symbols[from + 1] !== right) {
        symbols[to++] = symbol;
        continue;
      }
      if (to > start) {
        const before = symbols[to - 1] ?? 0;
        this.#subtract(before, left, weight);
        this.#add(before, merged, weight, word, found);
      }
      from++;
      if (from + 1 < end) {
        const after = symbols[from + 1] ?? 0;
        this.#subtract(right, after, weight);
        this.#add(merged, after, weight, word, found);
      }
      symbols[to++] = merged;
    }
    this.#lengths[word] = to - start;
  }

  #add(left: number, right: number, weight: number, word: number, found: Map<number, number[]>): void {
    const key = left * PAIR_BASE + right;
    let pair = this.#pairOf.get(key);
    if (pair === undefined) {
      pair = this.#counts.length;
      this.#pairOf.set(key, pair);
      this.#left.push(left);
      this.#right.push(right);
      this.#counts.push(0);
    }
    this.#counts[pair] = (this.#counts[pair] ?? 0) + weight;
    const words = found.get(pair);
    if (words === undefined) found.set(pair, [word]);
    else if (words.at(-1) !== word) words.push(word);
  }

  #subtract(left: number, right: number, weight: number): void {
    const pair = this.#pairOf.get(left * PAIR_BASE + right);
    if (pair !== undefined) this.#counts[pair] = (this.#counts[pair] ?? 0) - weight;
  }

  #enqueue(found: ReadonlyMap<number, number[]>): void {
    for (const [pair, words] of found) {
      const count = this.#counts[pair] ?? 0;
      if (count === 0) continue;
      this.#entryPair.push(pair);
      this.#entryCount.push(count);
      this.#entryWords.push(words);
      this.#heap.push(this.#entryPair.length - 1);
    }
  }

  #before(a: number, b: number): boolean {
    const more = (this.#entryCount[a] ?? 0) - (this.#entryCount[b] ?? 0);
    if (more !== 0) return more > 0;
    const x = this.#entryPair[a] ?? 0;
    const y = this.#entryPair[b] ?? 0;
    if (x === y) return a < b;
    const left = (this.#left[x] ?? 0) - (this.#left[y] ?? 0);
    return left !== 0 ? left < 0 : (this.#right[x] ?? 0) < (this.#right[y] ?? 0);
  }
}
