/** A `[[` that waits for its `]]`. */
interface OpenLink {
  at: number;
  /** Single brackets opened since and not closed. */
  singles: number;
}

/** What follows the `[[` of a link that has no other brackets inside. */
const simple = /[^[\]\n]*\]\]/y;
const bracket = /\[\[|\]\]|\[|\]|\n[ \t]*\n/g;

/**
 * Pairs `[[` with `]]`, innermost first and never across a blank line. In `[[a|[b]]]` the first bracket of the three closes the single
 * one. Linear time for all questions together.
 */
export class BracketPairs {
  readonly #text: string;
  readonly #closing = new Map<number, number>();
  /** Up to here what is no simple link has been paired. */
  #paired = 0;

  /** The pairs of `text`. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The offset of the `]]` that closes the `[[` at `at`, which lies after all asked about before; undefined when nothing does. */
  closing(at: number): number | undefined {
    simple.lastIndex = at + 2;
    if (simple.test(this.#text)) return simple.lastIndex - 2;
    // The partner of a `[[` depends only on what follows it.
    if (at >= this.#paired) this.#pairBlock(at);
    return this.#closing.get(at);
  }

  /** Pairs from `start` up to a blank line. */
  #pairBlock(start: number): void {
    const text = this.#text;
    const open: OpenLink[] = [];
    bracket.lastIndex = start;
    this.#paired = text.length;
    for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
      const top = open.at(-1);
      switch (match[0]) {
        case "[[":
          open.push({ at: match.index, singles: 0 });
          break;
        case "[":
          if (top !== undefined) top.singles++;
          break;
        case "]":
          if (top !== undefined && top.singles > 0) top.singles--;
          break;
        case "]]":
          if (top === undefined) break;
          if (top.singles > 0 && text[match.index + 2] === "]") {
            top.singles--;
            bracket.lastIndex = match.index + 1;
            break;
          }
          this.#closing.set(top.at, match.index);
          open.pop();
          break;
        default:
          this.#paired = match.index;
          return;
      }
    }
  }
}
