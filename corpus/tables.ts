const boundary = /^[ \t:]*(?:(\{\|)|(\|\})(?!\})|(=[^\n]*=)[ \t\ufdd0]*$)|<(\/?)table(?=[\s>/])[^<>]*>/gim;

/** A table whose end has not come yet. */
interface OpenTable {
  start: number;
  html: boolean;
}

/**
 * The second stage: removes tables, `{| … |}` and `<table>`, with all that is in them. A table without end goes up to the next
 * heading, so that one slip of an author does not cost the rest of the page.
 */
export function stripTables(text: string): string {
  if (!/\{\||<table/i.test(text)) return text;
  const open: OpenTable[] = [];
  const ranges: { start: number; end: number }[] = [];
  const headings: number[] = [];
  let wikiTables = 0;
  /** `</table>` ends the innermost table, as in HTML; `|}` the innermost `{|`, with what is open in it. */
  const close = (html: boolean, end: number): void => {
    if (!html && wikiTables === 0) return;
    let table = open.pop();
    while (!html && table?.html) table = open.pop();
    if (table === undefined) return;
    if (!table.html) wikiTables--;
    ranges.push({ start: table.start, end });
  };
  boundary.lastIndex = 0;
  for (let match = boundary.exec(text); match !== null; match = boundary.exec(text)) {
    const [whole, opening, closing, heading, slash] = match;
    const end = match.index + whole.length;
    if (heading !== undefined) headings.push(match.index);
    else if (opening !== undefined || slash === "") {
      open.push({ start: match.index, html: opening === undefined });
      if (opening !== undefined) wikiTables++;
    } else close(closing === undefined, end);
  }
  for (let next = headings.length, table = open.pop(); table !== undefined; table = open.pop()) {
    while (next > 0 && (headings[next - 1] ?? 0) > table.start) next--;
    ranges.push({ start: table.start, end: headings[next] ?? text.length });
  }
  ranges.sort((a, b) => a.start - b.start);
  let kept = "";
  let at = 0;
  for (const { start, end } of ranges) {
    if (start > at) kept += text.slice(at, start);
    at = Math.max(at, end);
  }
  return kept + text.slice(at);
}
