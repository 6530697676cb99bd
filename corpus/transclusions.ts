import { isDisambiguationTemplate } from "./disambiguation.ts";

/** Tags whose content is not prose: it goes with them. Their content is not wikitext to the parser around it. */
const droppedElements = new Set(
  `ref references gallery math chem ce score timeline syntaxhighlight source pre graph mapframe maplink imagemap hiero
  templatedata templatestyles categorytree inputbox indicator style script includeonly section dynamicpagelist phonos charinsert`
    .split(/\s+/),
);

/** Characters that start markup, hidden inside nowiki as the references that stand for them. */
function escapeMarkup(text: string): string {
  return text.replace(/[[\]{}|<'=*:_!\-/]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Looks for closing tags; each name's searches go forward only, so that all of them together read the text once. */
class ClosingTags {
  readonly #next = new Map<string, { start: number; end: number }>();

  constructor(readonly source: string) {}

  /** The first `</name>` at or after `from`. */
  after(name: string, from: number): { start: number; end: number } | undefined {
    let found = this.#next.get(name);
    if (found === undefined || found.start < from) {
      const pattern = new RegExp(`</${name}\\s{0,64}>`, "gi");
      pattern.lastIndex = from;
      const match = pattern.exec(this.source);
      found = match === null
        ? { start: Infinity, end: Infinity }
        : { start: match.index, end: pattern.lastIndex };
      this.#next.set(name, found);
    }
    return found.start === Infinity ? undefined : found;
  }
}

/** A run of opening braces that waits for its closing ones. */
interface OpenBraces {
  start: number;
  count: number;
}

/** What {@link stripTransclusions} leaves of a page. */
export interface Stripped {
  /** The wikitext without comments, templates, arguments, and elements that are not prose; `<nowiki>` resolved. */
  text: string;
  /** Whether a template or magic word marks the page as a disambiguation page. */
  isDisambiguation: boolean;
}

/** A stretch of the source to replace. */
interface Replacement {
  start: number;
  end: number;
  by: string;
}

const token = /<!--|<(\/?)([a-zA-Z][a-zA-Z0-9]*)|\{{2,}|\}{2,}/g;

/**
 * The first stage of reading wikitext: removes what MediaWiki's preprocessor takes out before the markup of the page itself is
 * looked at. Braces pair as there: innermost first, three for an argument, two for a template. One pass, linear time.
 */
export function stripTransclusions(source: string): Stripped {
  const replacements: Replacement[] = [];
  const open: OpenBraces[] = [];
  const closing = new ClosingTags(source);
  let isDisambiguation = source.includes("__DISAMBIG__");
  let nextGreater = -1;
  token.lastIndex = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const start = match.index;
    const [whole, slash = "", rawName] = match;
    if (whole === "<!--") {
      const close = source.indexOf("-->", start + 4);
      const end = close < 0 ? source.length : close + 3;
      replacements.push(commentReplacement(source, start, end));
      token.lastIndex = end;
    } else if (whole.startsWith("{")) {
      open.push({ start, count: whole.length });
    } else if (whole.startsWith("}")) {
      let left = whole.length;
      for (let top = open.at(-1); left >= 2 && top !== undefined; top = open.at(-1)) {
        const used = Math.min(3, left, top.count);
        top.count -= used;
        left -= used;
        const from = top.start + top.count;
        if (used === 2 && !isDisambiguation) isDisambiguation = isDisambiguationTemplate(source, from + 2);
        replacements.push({ start: from, end: start + whole.length - left, by: "" });
        if (top.count < 2) open.pop();
      }
    } else if (rawName !== undefined) {
      const name = rawName.toLowerCase();
      const dropped = droppedElements.has(name);
      if (!dropped && name !== "nowiki") continue;
      if (nextGreater < start) {
        nextGreater = source.indexOf(">", start);
        if (nextGreater < 0) nextGreater = source.length;
      }
      if (nextGreater === source.length) continue;
      const tagEnd = nextGreater + 1;
      const close = slash === "" && source[nextGreater - 1] !== "/" ? closing.after(name, tagEnd) : undefined;
      if (dropped) {
        const end = close?.end ?? tagEnd;
        replacements.push({ start, end, by: "" });
        token.lastIndex = end;
      } else if (name === "nowiki" && close !== undefined) {
        // The empty tag stays as a border: no letters after it belong to a link before it.
        replacements.push({
          start,
          end: close.end,
          by: `<nowiki/>${escapeMarkup(source.slice(tagEnd, close.start))}`,
        });
        token.lastIndex = close.end;
      }
    }
  }
  return { text: replaceOutermost(source, replacements), isDisambiguation };
}

/** A comment alone on its lines takes the line with it. */
function commentReplacement(source: string, start: number, end: number): Replacement {
  let before = start;
  while (source[before - 1] === " ") before--;
  let after = end;
  while (source[after] === " ") after++;
  const alone = (before === 0 || source[before - 1] === "\n") && source[after] === "\n";
  return alone ? { start: before, end: after + 1, by: "" } : { start, end, by: "" };
}

/** Applies the replacements that lie in no other. They nest or are disjoint; those inside come before the outer one. */
function replaceOutermost(source: string, replacements: readonly Replacement[]): string {
  const outermost: Replacement[] = [];
  for (const replacement of replacements) {
    for (
      let last = outermost.at(-1);
      last !== undefined && last.start >= replacement.start;
      last = outermost.at(-1)
    ) {
      outermost.pop();
    }
    outermost.push(replacement);
  }
  let text = "";
  let at = 0;
  for (const { start, end, by } of outermost) {
    text += source.slice(at, Math.max(at, start)) + by;
    at = Math.max(at, end);
  }
  return text + source.slice(at);
}
