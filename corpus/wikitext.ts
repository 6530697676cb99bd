import { BracketPairs } from "./brackets.ts";
import { referenceAt } from "./html_entities.ts";
import { resolveLanguageConversion } from "./language_conversion.ts";
import { parseLinkTarget, pipeTrick } from "./link_target.ts";
import { NAMESPACE, Namespaces } from "./namespaces.ts";
import { captionOf } from "./file_captions.ts";
import { linkTrailPattern } from "./link_trail.ts";
import { BOUNDARY, OMISSION, withoutMarks } from "./omissions.ts";
import { type Heading, type Paragraph, ParagraphBuilder } from "./paragraph_builder.ts";
import { stripQuotesOfLines } from "./quotes.ts";
import { spreadTables } from "./table_cells.ts";
import { stripTables } from "./tables.ts";
import { TemplateTexts } from "./template_texts.ts";
import type { TitleRules } from "./titles.ts";
import { stripTransclusions } from "./transclusions.ts";

/** What reading wikitext needs to know of the wiki. */
export interface WikitextContext extends TitleRules {
  /** The wiki's namespaces; the names that every MediaWiki knows by default. */
  namespaces?: Namespaces;
  /** The page's title, which `{{PAGENAME}}` shows. */
  title?: string;
  /** Templates that show a text; those that are known for the language by default. */
  templateTexts?: TemplateTexts;
  /** Whether the captions of pictures are paragraphs of their own: after the line that holds the picture, or in place of a gallery. */
  includeCaptions?: boolean;
  /** Whether the cells and captions of tables are paragraphs of their own; else tables are dropped. */
  includeTables?: boolean;
}

/** The prose of a page. */
export interface ParsedWikitext {
  /** One for each line of prose. */
  paragraphs: Paragraph[];
  /** The headings, in order; their text is no paragraph's. */
  headings: Heading[];
  /** Whether the page says that it is a disambiguation page. */
  isDisambiguation: boolean;
}

const defaultNamespaces = new Namespaces();

/** What follows from the language of a wiki alone. */
interface LanguageRules {
  templateTexts: TemplateTexts;
  trail: RegExp;
}

const rulesByLanguage = new Map<string, LanguageRules>();

function rulesOf(language: string): LanguageRules {
  let rules = rulesByLanguage.get(language);
  if (rules === undefined) {
    rules = { templateTexts: new TemplateTexts(language), trail: linkTrailPattern(language) };
    rulesByLanguage.set(language, rules);
  }
  return rules;
}

/**
 * Reads wikitext: the text that a reader sees as prose, and its links with exact offsets. Never throws; linear time.
 *
 * Dropped: templates (but for those that only dress up a text: `template_texts.ts`), tables unless they are asked for, references, galleries, formulas,
 * comments, headings, files, categories, links between languages, addresses of external links; with them go the brackets and commas
 * that they would leave empty. A paragraph is a line of the source, as in wikipedia2vec 1.0.5; list markers are dropped.
 */
export function parseWikitext(source: string, context: WikitextContext = {}): ParsedWikitext {
  const templates = context.templateTexts ?? rulesOf(context.language ?? "").templateTexts;
  const { text, isDisambiguation } = stripTransclusions(
    source,
    templates,
    context.title,
    context.includeCaptions,
  );
  const converted = resolveLanguageConversion(stripSwitches(text), context.language);
  const marked = context.includeTables ? spreadTables(converted) : stripTables(converted);
  const { paragraphs, headings } = new InlineReader(stripQuotesOfLines(marked), context).read();
  return { paragraphs, headings, isDisambiguation };
}

/** Behaviour switches: `__NOTOC__`, `__KEIN_INHALTSVERZEICHNIS__`, `__目次__`; of those in small letters only the English ones. */
const switches =
  /__(?:[\p{Lu}\p{Lo}\p{M}_]{2,40}?|(?:no|force)?toc|no(?:editsection|newsectionlink|gallery|index|titleconvert|contentconvert|tc|cc)|newsectionlink|index|hiddencat|staticredirect|disambig)__/gu;

function stripSwitches(text: string): string {
  return text.includes("__") ? text.replace(switches, "") : text;
}

/** HTML that MediaWiki lets through: the tags go, their content stays. */
const tagNames = new Set(
  `abbr b bdi bdo big blockquote br caption center cite code data dd del dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i includeonly
  ins kbd li link mark meta noinclude nowiki ol onlyinclude p poem pre q rb ref references rp rt rtc ruby s samp small span
  strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`.split(/\s+/),
);

/** Tags that end a line or a block: words on both sides stay apart. */
const breakingTags = new Set(
  "blockquote br caption center dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p poem table td th tr ul".split(" "),
);

const marks = `${OMISSION}${BOUNDARY}`;
/** Characters that are markup, among them line breaks, or white space other than the space; and some that are neither: fewer ranges take less time. */
const special = String.raw`[\]<&\t-\r\xa0\u1680\u2000-\u200a\u2028-\u202f\u205f-\u3000${OMISSION}-\ufeff`;
/** The characters at which there may be something to do; between them stands text whose only white space is single spaces. */
const stop = new RegExp(String.raw`[${special}]|:(?=//)| (?= )`, "g");
const wideSpecial = new RegExp(String.raw`[\s${marks}]`);
const scheme = /(?:https?|ftps?)$/i;
const SCHEME_LENGTH = 5;
const afterScheme = new RegExp(String.raw`://[^\s<>[\]{}|"${marks}]+`, "y");
/** Most links: nothing in them but a title of an article, and a text without markup. */
const simpleLink = new RegExp(String.raw`\[\[([\w ,.'()-]+)(?:\|([^:${special}]+))?\]\]`, "y");
const linkStart = /\[\[([^[\]{}|<>\n]{0,1024})(\||\]\])/y;
const externalStart =
  /\[(?:(?:https?|ftps?|ircs?|news|mailto|git|gopher|magnet|tel|sip|urn|geo|xmpp|svn):|\/\/)[^\s<>[\]"]*[ \t]*/iy;
const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:[\s/][^<>]*)?>/y;
/** The start of a link's text where that shows nothing. */
const blank = new RegExp(`[\\s${OMISSION}${BOUNDARY}]{0,64}`, "y");
/** `;`, of the characters of {@link lineMarkers} the last. */
const LAST_MARKER = 0x3b;
const lineMarkers = /[ \t]*(?:-{4,}|[*#:;]+)?[ \t]*/y;

/** The last stage: reads lines, links and tags into paragraphs. */
class InlineReader {
  readonly #text: string;
  readonly #context: WikitextContext;
  readonly #namespaces: Namespaces;
  readonly #builder = new ParagraphBuilder();
  readonly #pairs: BracketPairs;
  readonly #trail: RegExp;
  /** Captions of the pictures of the line. */
  #captions: string[] = [];
  /** The level of the HTML heading that is being read. */
  #headingLevel = 0;
  /** Offsets of `]]` that are not shown, because their `[[` was not shown either and is no link. */
  readonly #closers = new Set<number>();
  #at = 0;
  /** Where the link whose text is being read ends. */
  #linkEnd = -1;
  /** Whether a `[` with an address waits for its `]`. */
  #inExternal = false;

  constructor(text: string, context: WikitextContext) {
    this.#text = text;
    this.#context = context;
    this.#namespaces = context.namespaces ?? defaultNamespaces;
    this.#pairs = new BracketPairs(text);
    this.#trail = rulesOf(context.language ?? "").trail;
  }

  /** Reads the whole text as lines. */
  read(): ParagraphBuilder {
    this.#startLine();
    return this.#readTokens();
  }

  /** The whole text without markup, as one line that no list marker starts. */
  readLine(): string {
    const texts = this.#readTokens().paragraphs.map(({ text }) => text);
    return texts.join(" ");
  }

  #readTokens(): ParagraphBuilder {
    const text = this.#text;
    for (let from = this.#at;;) {
      stop.lastIndex = from;
      if (!stop.test(text)) break;
      const at = stop.lastIndex - 1;
      from = this.#read(at) ? this.#at : at + 1;
    }
    this.#append(text.length);
    this.#endLine();
    return this.#builder;
  }

  /** Appends the text up to `end`, which has no markup. */
  #append(end: number): void {
    if (this.#at < end) this.#builder.appendSpaced(this.#text.slice(this.#at, end));
    this.#at = end;
  }

  /** Reads what begins with the character at `at`, and the text before it; false where that is text as well. */
  #read(at: number): boolean {
    const text = this.#text;
    const character = text[at];
    if (character === ":") return this.#address(at);
    if (character === "&") return this.#reference(at);
    if (character === undefined || (character > "\xa0" && !wideSpecial.test(character))) return false;
    this.#append(at);
    switch (character) {
      case "\n":
        this.#at++;
        if (this.#linkEnd >= 0) this.#builder.space();
        else this.#startLine();
        break;
      case "[":
        if (text[at + 1] === "[") this.#link();
        else if (!this.#external(at)) {
          this.#at++;
          this.#builder.append(character);
        }
        break;
      case "]":
        this.#closing(at);
        break;
      case "<":
        this.#tag();
        break;
      case BOUNDARY:
        this.#at++;
        break;
      case OMISSION:
        this.#at++;
        this.#builder.omit();
        break;
      default:
        this.#at++;
        this.#builder.space();
    }
    return true;
  }

  #closing(at: number): void {
    const isDouble = this.#text[at + 1] === "]" && (this.#closes(at) || !this.#closes(at + 1));
    this.#at += isDouble ? 2 : 1;
    if (isDouble && at === this.#linkEnd) this.#endLink();
    else if (this.#inExternal) this.#inExternal = false;
    else if (!isDouble) this.#builder.append("]");
    else if (!this.#closers.has(at)) this.#builder.append("]]");
  }

  /** Leaves out the address whose `://` is at `at`, if it is one, but not the punctuation of the sentence it ends. */
  #address(at: number): boolean {
    const before = scheme.exec(this.#text.slice(Math.max(this.#at, at - SCHEME_LENGTH), at));
    afterScheme.lastIndex = at;
    const after = before === null ? null : afterScheme.exec(this.#text);
    if (before === null || after === null) return false;
    this.#append(at - before[0].length);
    const [value] = after;
    this.#at = at + value.replace(value.includes("(") ? /[.,;:!?]+$/ : /[.,;:!?)]+$/, "").length;
    this.#builder.omit();
    return true;
  }

  /** Appends the character for which the reference at `at` stands, if it is one. */
  #reference(at: number): boolean {
    const found = referenceAt(this.#text, at);
    if (found === undefined) return false;
    this.#append(at);
    this.#builder.append(found.character);
    this.#at = found.end;
    return true;
  }

  #closes(at: number): boolean {
    return at === this.#linkEnd || this.#closers.has(at);
  }

  /** Ends the paragraph and skips what is markup at the start of the next line, or the whole line of a heading. */
  #startLine(): void {
    this.#endLine();
    this.#inExternal = false;
    const text = this.#text;
    const first = text[this.#at];
    if (first === "=" || first === "|") {
      const newline = text.indexOf("\n", this.#at);
      const end = newline < 0 ? text.length : newline;
      const line = withoutMarks(text.slice(this.#at, end)).trimEnd();
      if (first === "=" && line.length >= 3 && line.endsWith("=")) {
        this.#builder.headings.push(this.#heading(line));
        this.#at = end;
      } else if (first === "|") {
        this.#at = end; // what a table without beginning left behind
      }
      return;
    }
    if (text.charCodeAt(this.#at) > LAST_MARKER) return;
    lineMarkers.lastIndex = this.#at;
    lineMarkers.test(text);
    this.#at = lineMarkers.lastIndex;
  }

  #endLine(): void {
    this.#builder.endParagraph();
    this.#headingLevel = 0;
    if (this.#captions.length === 0) return;
    const captions = this.#captions;
    this.#captions = [];
    for (const caption of captions) {
      const { paragraphs } = new InlineReader(caption, { ...this.#context, includeCaptions: false }).read();
      this.#builder.add(paragraphs);
    }
  }

  /** The heading that `line` is; a line of `=` only has some of them for its text. */
  #heading(line: string): Heading {
    const before = /^=+/.exec(line)?.[0].length ?? 0;
    const after = before === line.length ? before : /=+$/.exec(line)?.[0].length ?? 0;
    const most = before === line.length ? Math.floor((before - 1) / 2) : Math.min(before, after);
    const level = Math.min(6, most);
    const text = line.slice(level, -level);
    stop.lastIndex = 0;
    const title = stop.test(text) ? new InlineReader(text, this.#context).readLine() : text.trim();
    return { title, level };
  }

  #link(): void {
    if (this.#simpleLink()) return;
    const start = this.#at;
    const end = this.#pairs.closing(start);
    if (end === undefined) {
      this.#at += 2;
      this.#builder.append("[[");
      return;
    }
    if (this.#external(start + 1)) return;
    linkStart.lastIndex = start;
    const match = linkStart.exec(this.#text);
    if (match === null) {
      this.#at += 2;
      this.#closers.add(end);
      return;
    }
    const [whole, raw = "", border] = match;
    const target = parseLinkTarget(withoutMarks(raw), this.#namespaces, this.#context);
    this.#at = start + whole.length;
    if (target.kind === "hidden") {
      if (
        border === "|" && this.#context.includeCaptions &&
        this.#namespaces.of(target.title) === NAMESPACE.file
      ) {
        const caption = captionOf(this.#text.slice(this.#at, end));
        if (caption !== undefined) this.#captions.push(caption);
      }
      this.#at = end + 2;
      return;
    }
    const label = this.#at;
    const nested = border === "|" && isWithin(this.#text.indexOf("[[", label), label, end);
    const isLink = target.kind === "article" && this.#linkEnd < 0 && !nested;
    if (isLink) this.#builder.startLink(target.title);
    blank.lastIndex = label;
    if (border === "|" && blank.test(this.#text) && blank.lastIndex < Math.min(end, label + 64)) {
      if (isLink) this.#linkEnd = end;
      else this.#closers.add(end);
      return;
    }
    this.#builder.append(border === "|" ? pipeTrick(target.shown) : target.shown);
    this.#at = end + 2;
    if (isLink) this.#endLink();
  }

  #simpleLink(): boolean {
    if (this.#linkEnd >= 0) return false;
    simpleLink.lastIndex = this.#at;
    const match = simpleLink.exec(this.#text);
    if (match === null) return false;
    const [whole, raw = "", label] = match;
    const { kind, title, shown } = parseLinkTarget(raw, this.#namespaces, this.#context);
    const text = label ?? shown;
    if (kind !== "article" || hasLooseSpaces(text)) return false;
    this.#builder.appendLink(title, text);
    this.#at += whole.length;
    this.#readTrail();
    return true;
  }

  #endLink(): void {
    this.#linkEnd = -1;
    if (this.#builder.endLink()) this.#readTrail();
  }

  #readTrail(): void {
    if (!(this.#text.charCodeAt(this.#at) >= 0x41)) return; // before A there are no letters
    this.#trail.lastIndex = this.#at;
    const letters = this.#trail.exec(this.#text)?.[0];
    if (letters === undefined) return;
    this.#at += letters.length;
    this.#builder.appendTrail(letters);
  }

  /** Skips the bracket at `start` and its address, if one follows; the text after it stays. */
  #external(start: number): boolean {
    externalStart.lastIndex = start;
    if (!externalStart.test(this.#text)) return false;
    this.#at = externalStart.lastIndex;
    this.#inExternal = true;
    return true;
  }

  #tag(): void {
    tag.lastIndex = this.#at;
    const match = tag.exec(this.#text);
    const name = match?.[2]?.toLowerCase();
    if (match === null || name === undefined || !tagNames.has(name)) {
      this.#at++;
      this.#builder.append("<");
      return;
    }
    this.#at += match[0].length;
    if (/^h[1-6]$/.test(name)) this.#headingTag(match[1] === "", Number(name[1]));
    else if (breakingTags.has(name)) this.#builder.append(" ");
  }

  /** `<h2>` ends what stands before it, `</h2>` makes a heading of what has come since, if both are on one line. */
  #headingTag(opens: boolean, level: number): void {
    if (this.#linkEnd >= 0) this.#builder.append(" ");
    else if (opens) {
      this.#builder.endParagraph();
      this.#headingLevel = level;
    } else {
      if (this.#headingLevel === level) this.#builder.endHeading(level);
      else this.#builder.append(" ");
      this.#headingLevel = 0;
    }
  }
}

/** Whether spaces stand at the ends of `text`, or more than one together. */
function hasLooseSpaces(text: string): boolean {
  return text.startsWith(" ") || text.endsWith(" ") || text.includes("  ");
}

function isWithin(value: number, from: number, to: number): boolean {
  return value >= from && value < to;
}
