/** A `[[` that waits for its `]]`. */
interface OpenLink {
  at: number;
  /** Single brackets opened since and not closed. */
  singles: number;
}

/**
 * Pairs `[[` with `]]`, innermost first and never across a blank line: a map from the offset of each `[[` that has a partner to that of
 * its `]]`. In `[[a|[b]]]` the first bracket of the three closes the single one. Linear time.
 */
export function pairBrackets(text: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const open: OpenLink[] = [];
  const pattern = /\[\[|\]\]|\[|\]|\n[ \t]*\n/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
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
          pattern.lastIndex = match.index + 1;
          break;
        }
        pairs.set(top.at, match.index);
        open.pop();
        break;
      default:
        open.length = 0;
        pattern.lastIndex--; // the second newline may be the first of another blank line
    }
  }
  return pairs;
}
