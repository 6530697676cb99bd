import { templateTextTable } from "./template_text_table.ts";
import { UserError } from "./user_error.ts";

/** A stretch of the source. */
export interface Span {
  /** Where it starts. */
  start: number;
  /** Where it ends. */
  end: number;
}

/** A part of what a template shows: a text of its own, or the first given one of some arguments. */
export type TemplatePiece = string | readonly string[];

const line = /^(.*?)\s*<-\s*(\S.*)$/;
const placeholder = /\$(?:(\$)|([\p{L}\p{N}_]+)|\(([^()]*)\))/gu;

/**
 * Which templates of a wiki show a text, and which one. Its table is lines of `PATTERN <- name | name | …`; names in any case, one that
 * ends in `*` stands for all that start so. In a pattern `$1` is an argument by number, `$u` by name, `$(u,ul,2)` the first of
 * these that is given, `$last` the last without a name, `$all` all of those, `$measure` a number, or a range of them, with its unit, and
 * `$$` a dollar; quotes around it keep white space at its ends; one that is empty shows nothing. `[fr]` before lines makes them those
 * of the wikis in French, `[*]` of all again; `#` starts a comment.
 */
export class TemplateTexts {
  readonly #patterns = new Map<string, readonly TemplatePiece[]>();
  readonly #prefixes = new Map<string, readonly TemplatePiece[]>();

  /**
   * The templates that are known for wikis in `language`, and those of `more`, which count where both have one.
   *
   * @param more a table of the same form, of the file `name`
   * @throws {UserError} when a line of `more` has another form.
   */
  constructor(language = "", more = "", name = "template texts") {
    this.#read(templateTextTable, language, "template_text_table.ts");
    this.#read(more, language, name);
  }

  /** What the template `name`, in lower case, shows; undefined when that is nothing. */
  patternOf(name: string): readonly TemplatePiece[] | undefined {
    const pattern = this.#patterns.get(name);
    if (pattern !== undefined) return pattern.length === 0 ? undefined : pattern;
    for (const [prefix, pattern] of this.#prefixes) if (name.startsWith(prefix)) return pattern;
    return undefined;
  }

  #read(table: string, language: string, file: string): void {
    const own = new Set(["*", language, language.split("-")[0] ?? ""]);
    let applies = true;
    for (const [i, whole] of table.split("\n").entries()) {
      const text = whole.trim();
      if (text === "" || text.startsWith("#")) continue;
      const section = /^\[([^[\]]+)\]$/.exec(text)?.[1];
      if (section !== undefined) {
        applies = section.split(/[\s,]+/).some((code) => own.has(code));
        continue;
      }
      const [, pattern, names] = line.exec(text) ?? [];
      if (pattern === undefined || names === undefined) {
        throw new UserError(
          `${file}: line ${i + 1}: write PATTERN <- name | name, as \`$2 <- lang | langx\``,
        );
      }
      if (applies) this.#add(names.split("|"), parsePattern(pattern));
    }
  }

  #add(names: readonly string[], pattern: readonly TemplatePiece[]): void {
    for (const raw of names) {
      const name = raw.replace(/[_\s]+/g, " ").trim().toLowerCase();
      if (name.length > 1 && name.endsWith("*")) this.#prefixes.set(name.slice(0, -1), pattern);
      else if (name !== "") this.#patterns.set(name, pattern);
    }
  }
}

function parsePattern(text: string): TemplatePiece[] {
  const bare = /^"(.*)"$/.exec(text)?.[1] ?? text;
  const pieces: TemplatePiece[] = [];
  let at = 0;
  for (const { index, 0: whole, 1: dollar, 2: name, 3: names } of bare.matchAll(placeholder)) {
    if (index > at) pieces.push(bare.slice(at, index));
    pieces.push(dollar ?? (names ?? name ?? "").split(",").map((name) => name.trim()));
    at = index + whole.length;
  }
  if (at < bare.length) pieces.push(bare.slice(at));
  return pieces;
}

/** The name of the template that starts at `from`, after its braces, and ends before `to`: in lower case, spaces for underscores. */
export function templateName(source: string, from: number, to: number): string {
  const raw = source.slice(from, Math.min(to, from + 80));
  if (plainName.test(raw)) return raw.toLowerCase();
  return raw.replace(/[_\s]+/g, " ").trim().toLowerCase();
}

const plainName = /^[A-Za-z\d]+(?: [A-Za-z\d]+)*$/;
const rangeWords = new Set("to and or by x × - – +/- ± , to(-) and(-)".split(" "));
const parameterName = /^\s*([^\s=|{}[\]<>][^=|{}[\]<>\n]{0,30}?)\s*=/;

/** The arguments of a template. */
interface Arguments {
  positional: (Span | undefined)[];
  named: Map<string, Span>;
}

/**
 * What a template shows, given the spans of its arguments in `source`, each what follows a `|`: texts and spans of the source in
 * order; nothing when its pattern has arguments and none of them is given. `2=value` is the second without a name.
 */
export function shownPieces(
  source: string,
  args: readonly Span[],
  pattern: readonly TemplatePiece[],
): (string | Span)[] {
  const given = readArguments(source, args);
  const shown: (string | Span)[] = [];
  let wants = false;
  let has = false;
  for (const piece of pattern) {
    if (typeof piece === "string") shown.push(piece);
    else {
      const spans = spansOf(source, given, piece);
      wants = true;
      has ||= spans.length > 0;
      shown.push(...spans);
    }
  }
  return wants && !has ? [] : shown;
}

function readArguments(source: string, args: readonly Span[]): Arguments {
  const positional: (Span | undefined)[] = [];
  const named = new Map<string, Span>();
  let next = 0;
  for (const { start, end } of args) {
    const match = parameterName.exec(source.slice(start, Math.min(end, start + 48)));
    if (match === null) {
      positional[next++] = trimmed(source, start, end);
      continue;
    }
    const [whole, name = ""] = match;
    const value = trimmed(source, start + whole.length, end);
    if (/^[1-9]$/.test(name)) positional[Number(name) - 1] = value;
    else named.set(name.toLowerCase(), value);
  }
  return { positional, named };
}

function spansOf(
  source: string,
  { positional, named }: Arguments,
  names: readonly string[],
): (Span | string)[] {
  for (const name of names) {
    let spans: (Span | string | undefined)[];
    if (name === "measure") spans = measure(source, positional);
    else if (name === "last") spans = positional.slice(-1);
    else if (name === "all") spans = positional;
    else spans = [/^\d+$/.test(name) ? positional[Number(name) - 1] : named.get(name)];
    const given = spans.filter((span) =>
      typeof span === "string" || (span !== undefined && span.start < span.end)
    );
    if (given.length > 0) return given as (Span | string)[];
  }
  return [];
}

/** The number and its unit; in a range, `3|to|5|km`, all four. */
function measure(source: string, positional: readonly (Span | undefined)[]): (Span | string | undefined)[] {
  const second = positional[1];
  // Only short ones: a set hashes what it is asked for, and templates nest.
  const isRange = second !== undefined && second.end - second.start <= 8 &&
    rangeWords.has(source.slice(second.start, second.end));
  const spans = positional.slice(0, isRange ? 4 : 2).filter((span) =>
    span !== undefined && span.start < span.end
  );
  return spans.flatMap((span, i) => i === 0 ? [span] : [" ", span]);
}

function trimmed(source: string, start: number, end: number): Span {
  while (start < end && isSpace(source.charCodeAt(start))) start++;
  while (end > start && isSpace(source.charCodeAt(end - 1))) end--;
  return { start, end };
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000;
}
