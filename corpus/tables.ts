const boundary = /^[ \t:]*(?:(\{\|)|(\|\})(?!\})|(=[^\n]*=)[ \t\ufdd0]*$)|<(\/?)table(?=[\s>/])[^<>]*>/gim;

/** A table whose end has not come yet. */
interface OpenTable {
  start: number;
  html: boolean;
}

/**
 * The second stage: removes tables, `{| … |}` and `<table>`, with all that is in them. One slip of an author does not cost the rest of
 * the page: of a `{|` without end go the lines of rows and cells up to the next heading, since the other lines may be the text after
 * the table; of a `<table>` without end all goes, as far.
 */
export function stripTables(text: string): string {
  if (!text.includes("{|") && !hasTableTag(text)) return text;
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
  let scanned = text.length;
  for (let next = headings.length, table = open.pop(); table !== undefined; table = open.pop()) {
    while (next > 0 && (headings[next - 1] ?? 0) > table.start) next--;
    const end = headings[next] ?? text.length;
    if (table.html) ranges.push({ start: table.start, end });
    else ranges.push(...rowLines(text, table.start, Math.min(end, scanned)));
    scanned = Math.min(scanned, table.start);
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

const tableTag = /<table/iy;

/** Goes from one `<` to the next, which takes less time than one pattern. */
function hasTableTag(text: string): boolean {
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    tableTag.lastIndex = at;
    if (tableTag.test(text)) return true;
  }
  return false;
}

const rowLine = /^[ \t:]*(?:\{\||[|!])[^\n]*/gm;

/** The line that opens a table at `start`, and lines up to `end` that are rows and cells. */
function rowLines(text: string, start: number, end: number): { start: number; end: number }[] {
  const lines: { start: number; end: number }[] = [];
  rowLine.lastIndex = start;
  for (let match = rowLine.exec(text); match !== null && match.index < end; match = rowLine.exec(text)) {
    lines.push({ start: match.index, end: rowLine.lastIndex });
  }
  return lines;
}
