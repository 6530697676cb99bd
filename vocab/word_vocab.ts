import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { gzipSync } from "node:zlib";
import { compareCodePoints } from "./code_point_order.ts";
import { lineBlocks } from "./line_blocks.ts";
import { WORD_SEGMENTERS, type WordSegmentation, wordSegmenter } from "./word_segmenter.ts";

const SPECIALS = ["<unk>", "<bos>", "<eos>", "<pad>"] as const;
const FORMAT = "lukeforge word vocabulary 1";

/**
 * The words of a word-level language model: `<unk>` 0, `<bos>` 1, `<eos>` 2, `<pad>` 3, then words by falling frequency, of equally
 * frequent ones by code point.
 *
 * The file has a line of settings and then `word TAB count` by id, the special tokens among them; gzipped where its name ends
 * in `.gz`.
 */
export class WordVocab {
  /** Id of words that are not in the vocabulary. */
  readonly unkId = 0;
  /** Id of the beginning of a sentence. */
  readonly bosId = 1;
  /** Id of the end of a sentence. */
  readonly eosId = 2;
  /** Id that fills sentences up. */
  readonly padId = 3;
  /** How texts are cut into words. */
  readonly segmentation: WordSegmentation;

  readonly #words: readonly string[];
  readonly #counts: Float64Array;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #split: (text: string) => string[];

  private constructor(
    words: readonly string[],
    counts: Float64Array,
    ids: ReadonlyMap<string, number>,
    segmentation: WordSegmentation,
  ) {
    this.#words = words;
    this.#counts = counts;
    this.#ids = ids;
    this.segmentation = segmentation;
    this.#split = wordSegmenter(segmentation);
  }

  /**
   * The vocabulary of counted words.
   *
   * @param counts words as `segmentation` cuts them, with their counts; a word that is spelled like a special token counts for it.
   * @param minFreq words that occur less often are left out: they are `<unk>`.
   * @throws {UserError} when there are no words.
   */
  static fromCounts(
    counts: Iterable<readonly [word: string, count: number]>,
    segmentation: WordSegmentation,
    minFreq: number,
  ): WordVocab {
    const ofSpecials = new Map<string, number>(SPECIALS.map((special) => [special, 0]));
    const kept: (readonly [string, number])[] = [];
    let words = 0;
    for (const entry of counts) {
      words++;
      if (ofSpecials.has(entry[0])) ofSpecials.set(...entry);
      else if (entry[1] >= minFreq) kept.push(entry);
    }
    if (words === 0) throw new UserError("the corpus holds no words; check it");
    kept.sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
    const all = [...ofSpecials, ...kept];
    return new WordVocab(
      all.map(([word]) => word),
      Float64Array.from(all, ([, count]) => count),
      new Map(all.map(([word], id) => [word, id])),
      segmentation,
    );
  }

  /**
   * Reads a file that {@linkcode WordVocab.save} wrote.
   *
   * @throws {UserError} when it cannot be read, is of another kind, or has a line that is damaged or a word twice.
   */
  static async load(path: string): Promise<WordVocab> {
    const words: string[] = [];
    const counts: number[] = [];
    const ids = new Map<string, number>();
    let segmentation: WordSegmentation | undefined;
    for await (const { lines, first } of lineBlocks(path)) {
      for (const [i, line] of lines.entries()) {
        if (segmentation === undefined) {
          segmentation = readSettings(line, path);
          continue;
        }
        const [word = "", count = "", ...rest] = line.replace(/\n$/, "").split("\t");
        const id = words.length;
        const fault = word === "" || rest.length > 0 || !/^\d+$/.test(count)
          ? "expected a word, a tab and its count"
          : ids.has(word)
          ? `repeats the word ${JSON.stringify(word)} of line ${(ids.get(word) ?? 0) + 2}`
          : id < SPECIALS.length && word !== SPECIALS[id]
          ? `expected ${SPECIALS[id]}`
          : undefined;
        if (fault !== undefined) {
          throw new UserError(`${path}, line ${first + i}: ${fault}; build the vocabulary again`);
        }
        ids.set(word, id);
        words.push(word);
        counts.push(Number(count));
      }
    }
    if (segmentation === undefined || words.length < SPECIALS.length) {
      throw new UserError(`${path}: is cut off; build the vocabulary again`);
    }
    return new WordVocab(words, Float64Array.from(counts), ids, segmentation);
  }

  /** Words, the 4 special tokens included. */
  get size(): number {
    return this.#words.length;
  }

  /** The id of a word as it is spelled in the vocabulary (lower-cased where that is); `undefined` when it is not in it. */
  id(word: string): number | undefined {
    return this.#ids.get(word);
  }

  /** The word of an id. @throws {RangeError} when there is none. */
  word(id: number): string {
    const word = this.#words[id];
    if (word === undefined) throw new RangeError(`no word has id ${id} (vocabulary size ${this.size})`);
    return word;
  }

  /** How often the word of an id occurred; of `<unk>` how often it was spelled out. @throws {RangeError} when there is no such word. */
  count(id: number): number {
    this.word(id);
    return this.#counts[id] ?? 0;
  }

  /** The ids of a text's words, without `<bos>` and `<eos>`. */
  encode(text: string): number[] {
    return this.#split(text).map((word) => this.#ids.get(word) ?? this.unkId);
  }

  /**
   * `<bos>`, the words and `<eos>`, filled with `<pad>` or cut to `length` ids. A long sentence keeps its `<eos>`, which
   * the program that this follows cuts off.
   *
   * @throws {RangeError} when `length` is below 2.
   */
  encodeSentence(text: string, length: number): number[] {
    if (!(length >= 2)) throw new RangeError(`a sentence of ${length} ids has no room for <bos> and <eos>`);
    const ids = [this.bosId, ...this.encode(text).slice(0, length - 2), this.eosId];
    while (ids.length < length) ids.push(this.padId);
    return ids;
  }

  /** The words of ids with spaces between them; `<bos>`, `<eos>` and `<pad>` are left out. @throws {RangeError} for other ids. */
  decode(ids: Iterable<number>): string {
    const words: string[] = [];
    for (const id of ids) {
      if (id === this.unkId || id > this.padId || id < 0) words.push(this.word(id));
    }
    return words.join(" ");
  }

  /**
   * Writes the file.
   *
   * @param options whether it is gzipped; default: when its name ends in `.gz`.
   * @throws {UserError} when the system refuses.
   */
  save(path: string, { gzip = path.endsWith(".gz") }: { readonly gzip?: boolean } = {}): void {
    const lines = [JSON.stringify({ format: FORMAT, ...this.segmentation })];
    this.#words.forEach((word, id) => lines.push(`${word}\t${this.#counts[id] ?? 0}`));
    const text = `${lines.join("\n")}\n`;
    writeFileAtomic(path, gzip ? gzipSync(text) : text);
  }
}

function readSettings(line: string, path: string): WordSegmentation {
  let settings: Partial<Record<string, unknown>> = {};
  try {
    settings = JSON.parse(line) as typeof settings;
  } catch {
    // told below
  }
  const { format, segmenter, language, lower } = settings ?? {};
  const known = WORD_SEGMENTERS.find((one) => one === segmenter);
  if (
    format !== FORMAT || known === undefined || typeof language !== "string" || typeof lower !== "boolean"
  ) {
    throw new UserError(`${path}: is no word vocabulary of build-word-vocab; build one`);
  }
  return { segmenter: known, language, lower };
}
