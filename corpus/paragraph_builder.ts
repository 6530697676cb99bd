import { tidyOmissions } from "./omissions.ts";

/** A hyperlink of a paragraph. Offsets are UTF-16 units, end exclusive: `text.slice(start, end) === link.text`. */
export interface WikiLink {
  /** Normalised title of the page linked to, without fragment; redirects are not resolved. */
  title: string;
  /** The text that shows. */
  text: string;
  /** Where the link's text starts in the paragraph's. */
  start: number;
  /** Where it ends. */
  end: number;
  /** How many UTF-16 units at the end of `text` are a link trail: 2 in `[[bus]]es`. Without them it is the anchor that the author wrote. */
  trail: number;
}

/** A heading of a page. */
export interface Heading {
  /** Its text, without markup; empty when it holds only what is left out, such as a template. */
  title: string;
  /** 1 to 6: the number of `=` on each side. */
  level: number;
}

/** One line of a page's prose. */
export interface Paragraph {
  /** The text, white space collapsed and trimmed; never empty. */
  text: string;
  /** Its links, in order; they do not overlap. */
  links: WikiLink[];
  /** Whether it stands before the first heading. */
  abstract: boolean;
  /** The index, into the page's headings, of the heading under which it stands; −1 before the first. */
  heading: number;
}

/** Collects text and links into paragraphs, collapsing white space so that offsets stay exact. */
export class ParagraphBuilder {
  readonly paragraphs: Paragraph[] = [];
  readonly headings: Heading[] = [];
  #text = "";
  #links: WikiLink[] = [];
  /** Offsets at which something was left out. */
  #omissions: number[] = [];
  #space = false;
  /** The link that is being read. Its text is kept apart: cutting it out of a long rope of text for each link takes quadratic time. */
  #link: { title: string; start: number; text: string } | undefined;

  /** Appends text. */
  append(text: string): void {
    this.appendSpaced(text.replace(/\s+/g, " "));
  }

  /** Appends text whose only white space is single spaces. */
  appendSpaced(text: string): void {
    const from = text.charCodeAt(0) === 32 ? 1 : 0;
    const to = text.length > from && text.charCodeAt(text.length - 1) === 32 ? text.length - 1 : text.length;
    if (from > 0) this.#space = true;
    if (from < to) this.#appendWord(text.slice(from, to));
    if (to < text.length) this.#space = true;
  }

  /** Here stands white space. */
  space(): void {
    this.#space = true;
  }

  /** Appends a link to `title` whose text is not empty; its only white space is single spaces inside. */
  appendLink(title: string, text: string): void {
    this.#appendWord(text);
    const end = this.#text.length;
    this.#links.push({ title, text, start: end - text.length, end, trail: 0 });
  }

  #appendWord(word: string): void {
    const spaced = this.#space && this.#text !== "" ? ` ${word}` : word;
    this.#space = false;
    if (this.#link !== undefined) {
      if (this.#link.text === "") this.#link.start = this.#text.length + spaced.length - word.length;
      this.#link.text += this.#link.text === "" ? word : spaced;
    }
    this.#text += spaced;
  }

  /** Here stood something that a reader sees but the text leaves out. */
  omit(): void {
    this.#omissions.push(this.#text.length);
  }

  /** From here on, text belongs to a link to `title`. */
  startLink(title: string): void {
    this.#link = { title, start: 0, text: "" };
  }

  /** The link ends; returns whether it has any text. */
  endLink(): boolean {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined || link.text === "") return false;
    const { title, start, text } = link;
    this.#links.push({ title, text, start, end: start + text.length, trail: 0 });
    return true;
  }

  /** Lengthens the link that has just ended by `trail`, unless white space came between. */
  appendTrail(trail: string): void {
    const last = this.#space ? undefined : this.#links.at(-1);
    this.#appendWord(trail);
    if (last === undefined) return;
    last.text += trail;
    last.end += trail.length;
    last.trail = trail.length;
  }

  /** Ends the paragraph. */
  endParagraph(): void {
    const { text, links } = this.#take();
    if (text === "") return;
    const heading = this.headings.length - 1;
    this.paragraphs.push({ text, links, abstract: heading < 0, heading });
  }

  /** What has been read since the last paragraph ended is a heading. */
  endHeading(level: number): void {
    this.headings.push({ title: this.#take().text, level });
  }

  /** Adds whole paragraphs. */
  add(paragraphs: readonly Paragraph[]): void {
    const heading = this.headings.length - 1;
    for (const { text, links } of paragraphs) {
      this.paragraphs.push({ text, links, abstract: heading < 0, heading });
    }
  }

  #take(): { text: string; links: WikiLink[] } {
    if (this.#text === "") this.#omissions.length = 0; // nothing to tidy, nor any link
    const taken = this.#omissions.length === 0
      ? { text: this.#text, links: this.#links }
      : tidyOmissions(this.#text, this.#links, this.#omissions);
    this.#text = "";
    this.#links = [];
    this.#omissions = [];
    this.#space = false;
    this.#link = undefined;
    return taken;
  }
}
