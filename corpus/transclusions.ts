import { hasDisambiguationSwitch, isDisambiguationTemplate } from "./disambiguation.ts";
import { captionInGallery } from "./file_captions.ts";
import { BOUNDARY, OMISSION, withoutMarks } from "./omissions.ts";
import { shownPieces, templateName, type TemplateTexts } from "./template_texts.ts";

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

/** `</name>` for each name that has been looked for: making a pattern takes longer than finding a tag. */
const closingTags = new Map<string, RegExp>();

function closingTag(name: string): RegExp {
  let pattern = closingTags.get(name);
  if (pattern === undefined) {
    pattern = new RegExp(`</${name}\\s{0,64}>`, "gi");
    closingTags.set(name, pattern);
  }
  return pattern;
}

/** Looks for closing tags; each name's searches go forward only, so that all of them together read the text once. */
class ClosingTags {
  readonly #next = new Map<string, { start: number; end: number }>();

  constructor(readonly source: string) {}

  /** The first `</name>` at or after `from`. */
  after(name: string, from: number): { start: number; end: number } | undefined {
    let found = this.#next.get(name);
    if (found === undefined || found.start < from) {
      const pattern = closingTag(name);
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
  /** Offsets of the `|` between the arguments so far. */
  pipes: number[];
  /** Links opened and not closed: their `|` are their own. */
  links: number;
}

/** What {@link stripTransclusions} leaves of a page. */
export interface Stripped {
  /**
   * The wikitext without comments, and with an {@link OMISSION} for each template that shows nothing and each element that is not prose;
   * `<nowiki>` resolved.
   */
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

/** The characters with which begins what matters; of a run of brackets the first. */
const stop = /<(?=!--|\/?[a-zA-Z])|\{(?=\{)/g;
const stopInBraces = /<(?=!--|\/?[a-zA-Z])|\{(?=\{)|\}(?=\})|\[(?=\[)|\](?=\])|\|/g;
const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)/y;

/**
 * The first stage of reading wikitext: removes what MediaWiki's preprocessor takes out before the markup of the page itself is
 * looked at. Braces pair as there: innermost first, three for an argument, two for a template. One pass, linear time; captions in
 * galleries, if asked for, are lines of their own, read in another pass.
 */
export function stripTransclusions(
  source: string,
  templates: TemplateTexts,
  title = "",
  includeCaptions = false,
): Stripped {
  return new TransclusionScanner(withoutMarks(source), templates, title, includeCaptions).strip();
}

/** Names of pages in a template's braces. */
const pageNames = new Set(
  "pagename fullpagename basepagename subpagename rootpagename seitenname nom_page".split(" "),
);
/** Functions that show their first argument, which follows a colon, but for its form. */
const showingFunctions = new Set("formatnum lc uc lcfirst ucfirst plain".split(" "));
/** What may stand before the name of a template. */
const namePrefix =
  /^(?:template|msg|msgnw|subst|safesubst|vorlage|modèle|plantilla|predefinição|szablon|шаблон|テンプレート|틀|snið|mal|mall|malline|sjabloon) ?: ?/;

class TransclusionScanner {
  readonly #source: string;
  readonly #replacements: Replacement[] = [];
  readonly #open: OpenBraces[] = [];
  readonly #closing: ClosingTags;
  #isDisambiguation: boolean;
  #nextGreater = -1;

  constructor(
    source: string,
    readonly templates: TemplateTexts,
    readonly title: string,
    readonly includeCaptions: boolean,
  ) {
    this.#source = source;
    this.#closing = new ClosingTags(source);
    this.#isDisambiguation = hasDisambiguationSwitch(source);
  }

  strip(): Stripped {
    const source = this.#source;
    for (let at = 0;;) {
      const top = this.#open.at(-1);
      const pattern = top === undefined ? stop : stopInBraces;
      pattern.lastIndex = at;
      if (!pattern.test(source)) break;
      const start = pattern.lastIndex - 1;
      switch (source[start]) {
        case "|":
          at = start + 1;
          if (top?.links === 0) top.pipes.push(start);
          break;
        case "[":
          at = start + 2;
          if (top !== undefined) top.links++;
          break;
        case "]":
          at = start + 2;
          if (top !== undefined && top.links > 0) top.links--;
          break;
        case "{":
          at = runEnd(source, start);
          this.#open.push({ start, count: at - start, pipes: [], links: 0 });
          break;
        case "}":
          at = runEnd(source, start);
          this.#close(start, at - start);
          break;
        default:
          at = source[start + 1] === "!" ? this.#comment(start) : this.#tag(start);
      }
    }
    return {
      text: replaceOutermost(source, this.#replacements),
      isDisambiguation: this.#isDisambiguation,
    };
  }

  /** Returns where the comment ends. */
  #comment(start: number): number {
    const close = this.#source.indexOf("-->", start + 4);
    const end = close < 0 ? this.#source.length : close + 3;
    this.#replacements.push(commentReplacement(this.#source, start, end));
    return end;
  }

  /** Pairs the `count` closing braces at `start` with open ones. */
  #close(start: number, count: number): void {
    let at = start;
    const end = start + count;
    for (let top = this.#open.at(-1); end - at >= 2 && top !== undefined; top = this.#open.at(-1)) {
      const used = Math.min(3, end - at, top.count);
      top.count -= used;
      const from = top.start + top.count;
      if (used === 2) this.#template(from, top.pipes, at);
      else this.#argument(from, top.pipes, at);
      top.pipes = [];
      top.links = 0;
      at += used;
      if (top.count < 2) this.#open.pop();
    }
  }

  /** An argument of a template, `{{{name|default}}}`, on its own page: shows its default. */
  #argument(from: number, pipes: readonly number[], close: number): void {
    const start = pipes[0];
    if (start === undefined) this.#replacements.push({ start: from, end: close + 3, by: OMISSION });
    else this.#show(from, close + 3, [{ start: start + 1, end: pipes[1] ?? close }]);
  }

  /** A template from its braces at `from` to those at `close`. */
  #template(from: number, pipes: readonly number[], close: number): void {
    const source = this.#source;
    let name = templateName(source, from + 2, pipes[0] ?? close);
    const colon = name.indexOf(":");
    if (colon > 0) {
      if (showingFunctions.has(name.slice(0, colon))) {
        const start = source.indexOf(":", from) + 1;
        return this.#show(from, close + 2, [{ start, end: pipes[0] ?? close }]);
      }
      name = name.replace(namePrefix, "");
    }
    this.#isDisambiguation ||= isDisambiguationTemplate(name);
    if (pageNames.has(name)) return this.#show(from, close + 2, [escapeMarkup(this.title)]);
    const pattern = this.templates.patternOf(name);
    if (pattern === undefined) {
      this.#replacements.push({ start: from, end: close + 2, by: OMISSION });
      return;
    }
    const args = pipes.map((pipe, i) => ({ start: pipe + 1, end: pipes[i + 1] ?? close }));
    this.#show(from, close + 2, shownPieces(source, args, pattern));
  }

  /** Replaces a stretch of the source by texts and by stretches inside it. */
  #show(from: number, end: number, pieces: readonly (string | { start: number; end: number })[]): void {
    let at = from;
    // A link keeps the letters around it only where nothing stands between.
    let by = this.#source[from - 1] === "]" ? BOUNDARY : "";
    let shows = false;
    for (const piece of pieces) {
      if (typeof piece === "string") {
        by += piece;
        shows ||= piece !== "";
      } else if (piece.start >= at && piece.start < piece.end) {
        this.#replacements.push({ start: at, end: piece.start, by });
        by = "";
        at = piece.end;
        shows = true;
      } else if (piece.start < at) {
        by += plainArgument(this.#source, piece); // the pattern has its arguments in another order
      }
    }
    const last = at > from && this.#source[at - 1] === "]" ? BOUNDARY : "";
    this.#replacements.push({ start: at, end, by: shows ? by + last : OMISSION });
  }

  /** Returns where to go on after the tag at `start`. */
  #tag(start: number): number {
    tag.lastIndex = start;
    const [whole = "", slash, name = ""] = tag.exec(this.#source) ?? [];
    return this.#element(start, slash === "/", name.toLowerCase()) ?? start + whole.length;
  }

  /** Returns where the element ends, if it is one whose inside is no wikitext. */
  #element(start: number, isClosing: boolean, name: string): number | undefined {
    const source = this.#source;
    const dropped = droppedElements.has(name);
    if (!dropped && name !== "nowiki") return undefined;
    if (this.#nextGreater < start) {
      this.#nextGreater = source.indexOf(">", start);
      if (this.#nextGreater < 0) this.#nextGreater = source.length;
    }
    if (this.#nextGreater === source.length) return undefined;
    const tagEnd = this.#nextGreater + 1;
    const isEmpty = isClosing || source[this.#nextGreater - 1] === "/";
    const close = isEmpty ? undefined : this.#closing.after(name, tagEnd);
    if (dropped) {
      const end = close?.end ?? tagEnd;
      const by = close !== undefined && name === "gallery" && this.includeCaptions
        ? this.#gallery(source.slice(tagEnd, close.start))
        : OMISSION;
      this.#replacements.push({ start, end, by });
      return end;
    }
    if (close !== undefined) {
      const by = `${BOUNDARY}${escapeMarkup(source.slice(tagEnd, close.start))}${BOUNDARY}`;
      this.#replacements.push({ start, end: close.end, by });
      return close.end;
    }
    return undefined;
  }

  /** The captions of a gallery as lines. Each line of a gallery is read for itself, as in MediaWiki. */
  #gallery(content: string): string {
    let captions = "";
    for (const line of content.split("\n")) {
      if (!line.includes("|")) continue;
      const { text } = new TransclusionScanner(line, this.templates, this.title, false).strip();
      const caption = captionInGallery(text);
      if (caption !== undefined) captions += `\n${caption}\n`;
    }
    return captions === "" ? OMISSION : captions;
  }
}

/** Where the run of one character that begins at `start` ends. */
function runEnd(source: string, start: number): number {
  let end = start + 1;
  while (source[end] === source[start]) end++;
  return end;
}

/** An argument without markup, else nothing. */
function plainArgument(source: string, { start, end }: { start: number; end: number }): string {
  const text = source.slice(start, Math.min(end, start + 200));
  return end - start > 200 || /[[\]{}<>|]/.test(text) ? "" : text;
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

/** Applies the replacements that lie in no other; a comment may reach one character into its neighbour. At the start of a line nothing is left for an omission. */
function replaceOutermost(source: string, replacements: Replacement[]): string {
  replacements.sort((a, b) => a.start - b.start || b.end - a.end);
  let text = "";
  let at = 0;
  let startsLine = true;
  const append = (part: string): void => {
    if (part === "" || (startsLine && part === OMISSION)) return;
    text += part;
    startsLine = part.endsWith("\n");
  };
  for (const { start, end, by } of replacements) {
    if (end <= at) continue;
    append(source.slice(at, Math.max(at, start)));
    append(by);
    at = end;
  }
  append(source.slice(at));
  return text;
}
