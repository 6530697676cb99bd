/** What is known of an ending, and the letters that may stand before it. */
interface Ending<T> {
  readonly before: Map<number, Ending<T>>;
  value?: T;
}

/** Text by what it ends in, found from its end backwards: most sentences end in no abbreviation, which their last letters show. */
class Endings<T> {
  readonly #end: Ending<T> = { before: new Map() };

  /** The value of an ending; made when there is none yet. */
  at(ending: string, make: () => T): T {
    let node = this.#end;
    for (let i = ending.length - 1; i >= 0; i--) {
      const unit = ending.charCodeAt(i);
      let next = node.before.get(unit);
      if (next === undefined) node.before.set(unit, next = { before: new Map() });
      node = next;
    }
    return node.value ??= make();
  }

  /** The values of all endings of `text[0 … end)`, the longest first, each with where it begins. */
  of(text: string, end: number): readonly (readonly [start: number, value: T])[] {
    let found: [start: number, value: T][] | undefined;
    let node: Ending<T> | undefined = this.#end;
    for (let start = end - 1; start >= 0; start--) {
      node = node.before.get(text.charCodeAt(start));
      if (node === undefined) break;
      if (node.value !== undefined) (found ??= []).unshift([start, node.value]);
    }
    return found ?? [];
  }
}

/** Recognises abbreviations before a boundary, also those that go on behind it ("n. Chr." at the boundary after "n. "). */
export class Suppressions {
  /** What may stand before a boundary -> what has to follow there, one of these. */
  readonly #rests = new Endings<string[]>();

  constructor(abbreviations: readonly string[]) {
    for (const abbreviation of abbreviations) {
      for (let i = 1; i <= abbreviation.length; i++) {
        if (i < abbreviation.length && abbreviation[i - 1] !== ".") continue;
        this.#rests.at(abbreviation.slice(0, i), () => []).push(abbreviation.slice(i));
      }
    }
  }

  /**
   * Whether the boundary at `end` lies after (or inside) an abbreviation.
   *
   * @param last where the white space before `end` begins.
   */
  continuesAt(text: string, _end: number, last: number): boolean {
    return this.#rests.of(text, last).some(([start, rests]) =>
      (start === 0 || !isWordCharacterBefore(text, start)) &&
      rests.some((rest) => text.startsWith(rest, last))
    );
  }
}

/**
 * What ICU's filtered break iterator does. Abbreviations without an inner full stop are matched backwards from the boundary; of
 * the others only the part up to the first full stop is, and from its start the text must then run through exactly one whole
 * abbreviation that is no beginning of another.
 */
export class IcuSuppressions {
  readonly #backwards = new Endings<{ isWhole: boolean }>();
  readonly #forwards = new Set<string>();

  constructor(abbreviations: readonly string[]) {
    const inner = abbreviations.filter((abbreviation) => /\../.test(abbreviation));
    const prefixes = new Set(
      inner.map((abbreviation) => abbreviation.slice(0, abbreviation.indexOf(".") + 1)),
    );
    for (const abbreviation of abbreviations) {
      const prefix = abbreviation.slice(0, abbreviation.indexOf(".") + 1);
      if (prefixes.has(prefix)) this.#forwards.add(abbreviation);
      else this.#backwards.at(abbreviation, () => ({ isWhole: true }));
    }
    for (const prefix of prefixes) this.#backwards.at(prefix, () => ({ isWhole: false })).isWhole = false;
    for (const abbreviation of this.#forwards) {
      for (let i = 1; i < abbreviation.length; i++) this.#forwards.delete(abbreviation.slice(0, i));
    }
  }

  /** Whether ICU would drop the boundary at `end`. */
  continuesAt(text: string, end: number): boolean {
    const last = text[end - 1] === " " ? end - 1 : end;
    const [longest] = this.#backwards.of(text, last);
    if (longest === undefined) return false;
    const [start, { isWhole }] = longest;
    if (isWhole) return true;
    for (let stop = start + 1; stop <= start + LONGEST_ABBREVIATION; stop++) {
      if (this.#forwards.has(text.slice(start, stop))) return true;
    }
    return false;
  }
}

/** Above the length of every abbreviation in CLDR's lists, in UTF-16 units. */
const LONGEST_ABBREVIATION = 24;

/** Where the white space at the end of `text[start … end)` begins; undefined when there is nothing else. */
export function spaceBefore(text: string, start: number, end: number): number | undefined {
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return end > start ? end : undefined;
}

/** JavaScript's white space. */
function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 9 && unit <= 13) || (unit >= 0xa0 && /\s/.test(String.fromCharCode(unit)));
}

/** Whether a letter, digit or mark stands just before `index`. */
function isWordCharacterBefore(text: string, index: number): boolean {
  return /[\p{L}\p{N}\p{M}]$/u.test(text.slice(Math.max(0, index - 2), index));
}
