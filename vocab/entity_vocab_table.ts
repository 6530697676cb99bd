/** Two entries that hold the same title. */
export interface TitleConflict {
  /** The entry that was added first. */
  readonly first: number;
  /** The entry that was added later. */
  readonly second: number;
}

/** The tag of a slot that holds nothing. */
const FREE = 0;
/** The highest id that is kept: beyond it is a gap, which is found later. */
const MAX_ID = 0xfffffffe;

/**
 * The titles of an entity vocabulary with their languages and ids, in flat memory: mLUKE has 14 million titles, which as
 * strings in maps would take gigabytes. Titles are UTF-8 in one buffer; a hash table of entry numbers finds them.
 */
export class EntityVocabTable {
  /** Number of titles. */
  length = 0;
  /** The languages by the number that entries have; `null`: not recorded. */
  readonly languages: (string | null)[] = [];

  #bytes: Uint8Array;
  #used = 0;
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);
  #languageOf = new Uint16Array(1024);
  #ids = new Uint32Array(1024);
  readonly #numbers = new Map<string | null, number>();
  #slots = new Uint32Array();
  /** Some bits of the hash of what a slot holds: entries lie all over the memory, and are looked at only where these agree. */
  #tags = new Uint8Array();
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #query = new Uint8Array(256);

  /** An empty table. @param bytes how much room the titles need, as far as it is known. */
  constructor(bytes = 1 << 16) {
    this.#bytes = new Uint8Array(Math.max(64, bytes));
  }

  /** Adds a title. */
  add(title: string, language: string | null, id: number): void {
    this.#reserve(title.length * 3);
    const { written } = this.#encoder.encodeInto(title, this.#bytes.subarray(this.#used));
    this.#push(written, this.#numberOf(language), id);
  }

  /** Adds a title without a language, `bytes[from … to)` in UTF-8. */
  addBytes(bytes: Uint8Array, from: number, to: number, id: number): void {
    this.#reserve(to - from);
    const target = this.#bytes;
    let at = this.#used;
    for (let i = from; i < to; i++) target[at++] = bytes[i] ?? 0;
    this.#push(to - from, this.#numberOf(null), id);
  }

  /** The title of an entry. */
  title(entry: number): string {
    return this.#decoder.decode(this.#bytes.subarray(this.#starts[entry], this.#ends[entry]));
  }

  /** Whether a title starts with `[`, as the special entities do: cheaper than the title. */
  startsWithBracket(entry: number): boolean {
    return this.#bytes[this.#starts[entry] ?? 0] === BRACKET && this.#starts[entry] !== this.#ends[entry];
  }

  /** The language of an entry. */
  language(entry: number): string | null {
    return this.languages[this.#languageOf[entry] ?? 0] ?? null;
  }

  /** The id of an entry. */
  id(entry: number): number {
    return this.#ids[entry] ?? 0;
  }

  /**
   * Takes the language from titles such as `en:Japan`: what stands before the first colon, where it is a language code as
   * `isLanguage` says. `None` is no language, which upstream wrote where it had none.
   *
   * @param isExempt entries that stay as they are.
   * @param always takes the languages of those that have one; otherwise either all titles have one or none is split.
   */
  splitLanguages(
    isLanguage: (prefix: string) => boolean,
    isExempt: (entry: number) => boolean,
    always: boolean,
  ): void {
    const known = new Map<string | number, { readonly language: string | null } | undefined>();
    const prefixLengths = new Uint8Array(this.length);
    const languages: (string | null)[] = [];
    const numbers = new Map<string | null, number>();
    const languageNumbers = new Uint16Array(this.length);
    for (let entry = 0; entry < this.length; entry++) {
      if (isExempt(entry)) continue;
      const start = this.#starts[entry] ?? 0;
      const end = Math.min(this.#ends[entry] ?? 0, start + MAX_PREFIX + 1);
      // Five bytes make an exact number, which saves a string for nearly all of millions of titles.
      let key: string | number = 1;
      let at = start;
      while (at < end && this.#bytes[at] !== COLON) key = key * 256 + (this.#bytes[at++] ?? 0);
      let found: { readonly language: string | null } | undefined;
      if (at < end) {
        const text = (): string => this.#decoder.decode(this.#bytes.subarray(start, at));
        if (at - start > 5) key = text();
        if (!known.has(key)) {
          const prefix = text();
          const language = prefix === "None" ? null : prefix;
          known.set(key, language === null || isLanguage(prefix) ? { language } : undefined);
        }
        found = known.get(key);
      }
      if (found === undefined) {
        if (always) continue;
        return;
      }
      let number = numbers.get(found.language);
      if (number === undefined) {
        numbers.set(found.language, number = languages.length);
        languages.push(found.language);
      }
      prefixLengths[entry] = at - start + 1;
      languageNumbers[entry] = number;
    }
    const renumbered = languages.map((language) => this.#numberOf(language));
    for (let entry = 0; entry < this.length; entry++) {
      const length = prefixLengths[entry] ?? 0;
      if (length === 0) continue;
      this.#languageOf[entry] = renumbered[languageNumbers[entry] ?? 0] ?? 0;
      this.#starts[entry] = (this.#starts[entry] ?? 0) + length;
    }
  }

  /** Makes {@linkcode EntityVocabTable.find} work. @returns the first title that stands at two ids, if any. */
  index(): TitleConflict | undefined {
    let size = 16;
    while (size < this.length * 1.5) size *= 2;
    this.#slots = new Uint32Array(size);
    this.#tags = new Uint8Array(size);
    for (let entry = 0; entry < this.length; entry++) {
      const from = this.#starts[entry] ?? 0;
      const to = this.#ends[entry] ?? 0;
      const language = this.#languageOf[entry] ?? 0;
      const hash = hashOf(this.#bytes, from, to, language);
      const slot = this.#slotOf(hash, this.#bytes, from, to, language);
      if (this.#tags[slot] === FREE) {
        this.#tags[slot] = tagOf(hash);
        this.#slots[slot] = entry;
        continue;
      }
      const known = this.#slots[slot] ?? 0;
      if (this.#ids[known] !== this.#ids[entry]) return { first: known, second: entry };
    }
    return undefined;
  }

  /** The id of a title in a language; `undefined` when there is no such entry. */
  find(title: string, language: string | null): number | undefined {
    const number = this.#numbers.get(language);
    if (number === undefined) return undefined;
    if (this.#query.length < title.length * 3) this.#query = new Uint8Array(title.length * 3);
    const { written } = this.#encoder.encodeInto(title, this.#query);
    if (this.#tags.length === 0) return undefined;
    const slot = this.#slotOf(hashOf(this.#query, 0, written, number), this.#query, 0, written, number);
    return this.#tags[slot] === FREE ? undefined : this.#ids[this.#slots[slot] ?? 0];
  }

  /** The slot that holds a title, or the free one where it belongs. */
  #slotOf(hash: number, bytes: Uint8Array, from: number, to: number, language: number): number {
    const mask = this.#tags.length - 1;
    const tag = tagOf(hash);
    for (let slot = hash & mask;; slot = slot + 1 & mask) {
      const found = this.#tags[slot];
      if (found === FREE) return slot;
      if (found !== tag) continue;
      const entry = this.#slots[slot] ?? 0;
      if (this.#languageOf[entry] === language && this.#isTitle(entry, bytes, from, to)) return slot;
    }
  }

  #isTitle(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[entry] ?? 0;
    if ((this.#ends[entry] ?? 0) - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (this.#bytes[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #numberOf(language: string | null): number {
    let number = this.#numbers.get(language);
    if (number === undefined) {
      number = this.languages.length;
      if (number > 0xffff) throw new RangeError("more than 65,536 languages");
      this.#numbers.set(language, number);
      this.languages.push(language);
    }
    return number;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#used + bytes, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    if (this.length < this.#ids.length) return;
    this.#starts = doubled(this.#starts);
    this.#ends = doubled(this.#ends);
    this.#ids = doubled(this.#ids);
    const languages = new Uint16Array(this.#languageOf.length * 2);
    languages.set(this.#languageOf);
    this.#languageOf = languages;
  }

  #push(bytes: number, language: number, id: number): void {
    this.#starts[this.length] = this.#used;
    this.#ends[this.length] = this.#used += bytes;
    this.#languageOf[this.length] = language;
    this.#ids[this.length++] = Math.min(id, MAX_ID);
  }
}

const [COLON, BRACKET] = [0x3a, 0x5b];
/** No language code is longer. */
const MAX_PREFIX = 16;

function hashOf(bytes: Uint8Array, from: number, to: number, language: number): number {
  let hash = 0x811c9dc5 ^ language;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  return (hash ^ hash >>> 13) >>> 0;
}

function tagOf(hash: number): number {
  return (hash >>> 25) + 1;
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(array.length * 2);
  grown.set(array);
  return grown;
}
