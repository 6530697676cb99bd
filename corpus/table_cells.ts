import { BOUNDARY } from "./omissions.ts";

const tableStart = /^[ \t:]*\{\|/;
const tableEnd = /^[ \t:]*\|\}(?!\})/;
const cellLine = /^[ \t]*(?:\|\+|[|!])/;
const htmlTag = /<(\/?)(table|caption|t[hrd])(?=[\s>/])[^<>]*>/gi;

/** Ends a cell and starts the next: neither a link nor bold type reaches over it, and what follows is no list and no heading. */
const border = `\n\n${BOUNDARY}`;

/**
 * In the place of `stripTables()`: gives each cell of tables, `{| … |}` and `<table>`, and each caption, lines of its own, in the order
 * of the source. What only lays them out goes: rows, attributes (`style=… |`). The lines of wikitext are read as MediaWiki's
 * `doTableStuff()` reads them. Linear time.
 */
export function spreadTables(text: string): string {
  const lines = text.includes("{|") ? spreadWikiTables(text) : text;
  return /<table/i.test(lines) ? spreadHtmlTables(lines) : lines;
}

function spreadWikiTables(text: string): string {
  let open = 0;
  return text.split("\n").map((line) => {
    if (tableStart.test(line)) {
      open++;
      return "\n";
    }
    if (open === 0) return line;
    const end = tableEnd.exec(line);
    if (end !== null) {
      open--;
      return `\n${line.slice(end[0].length)}`;
    }
    const mark = cellLine.exec(line)?.[0];
    if (mark === undefined) return line;
    const content = line.slice(mark.length);
    if (mark.endsWith("|") && content.startsWith("-")) return "\n";
    return cellsOf(content, mark.endsWith("!")).join("");
  }).join("\n");
}

/** The cells of a line, each after a border; in a line of headers `!!` divides them as well. */
function cellsOf(line: string, areHeaders: boolean): string[] {
  return line.split(areHeaders ? /\|\||!!/ : "||").map((cell) => border + cell.slice(contentStart(cell)));
}

/** Where the text of a cell starts: after its attributes, which end at the first `|` that no link stands before. */
function contentStart(cell: string): number {
  const bar = cell.indexOf("|");
  const link = cell.indexOf("[[");
  return bar < 0 || (link >= 0 && link < bar) ? 0 : bar + 1;
}

/** Only within `<table>`, which need not end; elsewhere MediaWiki shows the tags of cells, or drops them. */
function spreadHtmlTables(text: string): string {
  let open = 0;
  return text.replace(htmlTag, (tag: string, slash: string, name: string): string => {
    const isTable = name.toLowerCase() === "table";
    if (isTable && slash === "") open++;
    if (open === 0) return tag;
    if (isTable && slash === "/") open--;
    return border;
  });
}
