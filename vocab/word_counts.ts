import { UserError } from "@lukeforge/corpus";

/** Distinct words held at most: an engine's map ends at 2^24 entries. */
const MAX_WORDS = 1 << 23;

/** How often each word of many texts occurs. Only the counts are held, never the texts. */
export class WordCounts {
  readonly #split: (text: string) => Iterable<string>;
  readonly #indexOf = new Map<string, number>();
  #counts = new Float64Array(1 << 12);
  readonly #mostWords: number;

  /**
   * Counts nothing yet.
   *
   * @param split the words of a text, as the model that is trained gets them.
   * @param mostWords distinct words held at most. With more, those seen once so far are forgotten; where that does not make room
   * for a quarter, those seen twice, and so on.
   */
  constructor(split: (text: string) => Iterable<string>, mostWords = MAX_WORDS) {
    this.#split = split;
    this.#mostWords = mostWords;
  }

  /** Distinct words so far. */
  get size(): number {
    return this.#indexOf.size;
  }

  /** Counts the words of a text. */
  add(text: string): void {
    for (const word of this.#split(text)) {
      const index = this.#indexOf.get(word);
      if (index === undefined) this.#addNew(word);
      else this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  /** Words with their counts, in the order they were first seen. */
  *[Symbol.iterator](): Generator<[word: string, count: number]> {
    for (const [word, index] of this.#indexOf) yield [word, this.#counts[index] ?? 0];
  }

  #addNew(word: string): void {
    if (this.#indexOf.size >= this.#mostWords) this.#forget();
    const index = this.#indexOf.size;
    if (index === this.#counts.length) {
      const grown = new Float64Array(2 * index);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#indexOf.set(copied(word), index);
    this.#counts[index] = 1;
  }

  #forget(): void {
    for (let least = 2; this.#indexOf.size > 3 * this.#mostWords / 4; least++) {
      let kept = 0;
      for (const [word, index] of this.#indexOf) {
        const count = this.#counts[index] ?? 0;
        if (count < least) this.#indexOf.delete(word);
        else {
          this.#counts[kept] = count;
          this.#indexOf.set(word, kept++);
        }
      }
    }
  }
}

/** The same text in memory of its own: an engine keeps a whole text alive for a piece of it. */
function copied(word: string): string {
  return word.length < 13 ? word : Array.from(word).join("");
}

/**
 * The counts themselves, or those of texts.
 *
 * @throws {UserError} when there are no words.
 */
export function countedWords(texts: Iterable<string> | WordCounts, create: () => WordCounts): WordCounts {
  let counts: WordCounts;
  if (texts instanceof WordCounts) counts = texts;
  else {
    counts = create();
    for (const text of texts) counts.add(text);
  }
  if (counts.size === 0) throw new UserError("the training texts hold no words; check the corpus");
  return counts;
}
