/**
 * Which of its arguments a template shows: the number of one, the last one, or a `measure`, a number (or a range: `3|to|5`) with its
 * unit.
 */
export type ShownArgument = number | "last" | "measure";

/**
 * Templates that only dress up one of their arguments, by their names in lower case. Its text and links stay in the prose;
 * what the template adds around it (a label, a conversion, a style) does not. All other templates show nothing.
 */
const shownArguments = new Map<string, ShownArgument>([
  ...assign(
    1,
    "nowrap|nobr|no wrap|nobreak|nobold|noitalic|normal|big|bigger|larger|large|small|smaller|resize",
  ),
  ...assign(
    1,
    "abbr|tooltip|circa|c.|vanchor|visible anchor|val|nihongo|ruby|smallcaps|sc|strong|em|kbd|code|mono",
  ),
  ...assign(1, "ill|ill2|interlanguage link|仮リンク"),
  ...assign(2, "lang"),
  ...assign("last", "transl|transliteration|color|colour"),
  ...assign("measure", "convert|cvt"),
]);

function assign(shown: ShownArgument, names: string): [string, ShownArgument][] {
  return names.split("|").map((name) => [name, shown]);
}

/** The name of the template that starts at `from`, after its braces: in lower case, spaces for underscores. */
export function templateName(source: string, from: number): string | undefined {
  const name = /^[^|{}\n]{1,64}/.exec(source.slice(from, from + 64))?.[0];
  return name?.replace(/[_\s]+/g, " ").trim().toLowerCase();
}

/** What the template `name`, in lower case, shows; undefined when that is nothing. `lang-la` and its like show their text. */
export function shownArgumentOf(name: string): ShownArgument | undefined {
  return shownArguments.get(name) ?? (/^lang-[a-z-]{2,12}$/.test(name) ? 1 : undefined);
}

/** A stretch of the source. */
export interface Span {
  start: number;
  end: number;
}

const rangeWords = new Set("to and or by x × - – +/- ± , to(-) and(-)".split(" "));
const parameterName = /^\s*([^\s=|{}[\]<>][^=|{}[\]<>\n]{0,30}?)\s*=/;

/**
 * The parts of `source` that a template shows, given the spans of its arguments, each what follows a `|`; empty when it shows
 * nothing. `name=value` is no positional argument, but `2=value` is the second.
 */
export function shownSpans(source: string, args: readonly Span[], shown: ShownArgument): Span[] {
  const positional: Span[] = [];
  let next = 0;
  for (const { start, end } of args) {
    const name = parameterName.exec(source.slice(start, Math.min(end, start + 48)));
    if (name === null) positional[next++] = trimmed(source, start, end);
    else if (/^[1-9]$/.test(name[1] ?? "")) {
      positional[Number(name[1]) - 1] = trimmed(source, start + name[0].length, end);
    }
  }
  return chosen(source, positional, shown).filter(({ start, end }) => start < end);
}

function chosen(source: string, positional: readonly (Span | undefined)[], shown: ShownArgument): Span[] {
  const at = (index: number): Span[] => {
    const span = positional[index];
    return span === undefined ? [] : [span];
  };
  if (shown === "last") return at(positional.length - 1);
  if (shown !== "measure") return at(shown - 1);
  const second = positional[1];
  const isRange = second !== undefined && rangeWords.has(source.slice(second.start, second.end));
  return (isRange ? [0, 1, 2, 3] : [0, 1]).flatMap(at);
}

function trimmed(source: string, start: number, end: number): Span {
  while (start < end && /\s/.test(source[start] ?? "")) start++;
  while (end > start && /\s/.test(source[end - 1] ?? "")) end--;
  return { start, end };
}
