import { BOUNDARY } from "./omissions.ts";

/** A run of apostrophes in a line, and what it means. */
interface Run {
  at: number;
  length: number;
  /** Apostrophes of the run that are text. */
  literal: number;
  marks: 2 | 3 | 5;
}

/** {@link stripQuotes} for each line of `text`. Linear time. */
export function stripQuotesOfLines(text: string): string {
  let plain = "";
  let kept = 0;
  for (let at = text.indexOf("''"); at >= 0; at = text.indexOf("''", kept)) {
    const start = text.lastIndexOf("\n", at) + 1;
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    plain += text.slice(kept, start) + stripQuotes(text.slice(start, end));
    kept = end;
  }
  return plain + text.slice(kept);
}

/**
 * Removes the apostrophes of `line` that mean bold or italic and keeps those that are text, by MediaWiki's rule: runs of two, three
 * and five are marks; further ones are text; and when both kinds are unbalanced, one bold mark is an apostrophe and an
 * italic mark (French `l'''Iliade''`). After a link a {@link BOUNDARY} is left.
 */
export function stripQuotes(line: string): string {
  if (!line.includes("''")) return line;
  const runs: Run[] = [];
  let bold = 0;
  let italic = 0;
  for (let at = line.indexOf("''"), end; at >= 0; at = line.indexOf("''", end)) {
    end = at + 2;
    while (line[end] === "'") end++;
    const length = end - at;
    const marks = length === 2 ? 2 : length <= 4 ? 3 : 5;
    runs.push({ at, length, literal: length - marks, marks });
    if (marks !== 3) italic++;
    if (marks !== 2) bold++;
  }
  if (bold % 2 === 1 && italic % 2 === 1) {
    const split = apostropheOfWord(line, runs);
    if (split !== undefined) split.literal++;
  }
  let text = "";
  let at = 0;
  for (const run of runs) {
    text += line.slice(at, run.at);
    if (run.literal > 0) text += "'".repeat(run.literal);
    if (line[run.at - 1] === "]") text += BOUNDARY;
    at = run.at + run.length;
  }
  return text + line.slice(at);
}

/** The bold mark that most likely follows a one-letter word; else a longer word; else a space. */
function apostropheOfWord(line: string, runs: readonly Run[]): Run | undefined {
  let longWord: Run | undefined;
  let space: Run | undefined;
  for (const run of runs) {
    if (run.marks !== 3) continue;
    const before = line[run.at + run.literal - 1] ?? "";
    const second = line[run.at + run.literal - 2] ?? "";
    if (before === " ") space ??= run;
    else if (second === " ") return run;
    else longWord ??= run;
  }
  return longWord ?? space;
}
