import { type LanguageAbbreviations, languageAbbreviations } from "./abbreviations.ts";
import type { SentenceSplitter } from "./sentence_splitter.ts";

/** Runs without white space; where sentences end without a space behind them, also in such a run. */
const TOKEN = /[^\s。！？｡]*[。！？｡]+[\p{Pe}\p{Pf}"'”’]*|\S+/gu;
const MARKS = new Set(".!?…‥。！？｡।॥؟۔።։");
/** Marks that end a sentence whatever follows. */
const ALWAYS_FINAL = /[。！？｡।॥؟۔።։]/;
/** What may stand behind a mark within its sentence. */
const CLOSING = new Set(")]}\"'”’»›」』）】》〉");
const OPENING = /^[\p{Ps}\p{Pi}"'„‚“‘«‹¿¡*–—-]+/u;
/** What goes on with a sentence: ", 40 %", "= one", ". . .". */
const CONTINUING = /^(?:[,;:!?)\]}=…]|\.(?![\p{L}\p{N}]))/u;
const NO_PUNCTUATION = /[^\p{P}\s]/u;
const ROMAN = /^[IVXLCDM]+$/;
/** "J", "J.R.R", "J.-P", "U.S", "S.p.A", "M.Sc" without their last full stop. */
const INITIALS = /^(?:\p{LC}\p{M}*\.-?)*\p{LC}\p{M}*$|^(?:\p{LC}\.-?)+\p{LC}{2,3}$/u;

/**
 * Rules for texts with many abbreviations, where LUKE takes OpenNLP's model of English. As there, sentences end at white space behind a full
 * stop, exclamation or question mark (and quotes, brackets and references to notes that close behind it), and spans do not include
 * the white space around them. A sentence does not end
 *
 * - before a lower-case letter, a comma or the like;
 * - behind a title ("Mr."), nor before a number behind what numbers follow ("No. 5", "Vol. II", "Jan. 12");
 * - behind initials, "U.S." and other abbreviations, unless a word follows that opens sentences ("The", "However");
 * - behind the number of a list that opens it ("1. Introduction"), nor, in languages that write them so, behind an ordinal number.
 *
 * An empty line always ends a sentence; a single line break counts as a space. Without the space, 。 ！ and ？ end one.
 */
export class RuleSentenceSplitter implements SentenceSplitter {
  readonly #abbreviations: LanguageAbbreviations;

  /** Takes the abbreviations of a language (ISO 639 code). */
  constructor(language = "en") {
    this.#abbreviations = languageAbbreviations(language);
  }

  /** The sentences as [start, end) in UTF-16 units, without white space around them. */
  split(text: string): [number, number][] {
    const spans: [number, number][] = [];
    let start = -1; // of the sentence
    let tokens = 0; // of the sentence so far
    let previous = "", end = 0;
    for (const { 0: token, index } of text.matchAll(TOKEN)) {
      if (start >= 0 && this.#endsBetween(text, previous, tokens, end, index)) {
        spans.push([start, end]);
        start = -1;
      }
      if (start < 0) {
        start = index;
        tokens = 0;
      }
      tokens++;
      previous = token;
      end = index + token.length;
    }
    if (start >= 0) spans.push([start, end]);
    return spans;
  }

  /** Whether a sentence ends with `token`, its `count`-th, at `end`, where the next one begins at `next`. */
  #endsBetween(text: string, token: string, count: number, end: number, next: number): boolean {
    if (/\n\s*\n/.test(text.slice(end, next))) return true;
    let bodyEnd = withoutClosing(token);
    const closing = token.slice(bodyEnd);
    const marksEnd = bodyEnd;
    while (bodyEnd > 0 && MARKS.has(token[bodyEnd - 1] ?? "")) bodyEnd--;
    const marks = token.slice(bodyEnd, marksEnd);
    if (marks === "") return false;
    if (ALWAYS_FINAL.test(marks)) return true;
    const body = token.slice(0, bodyEnd).replace(OPENING, "");
    // "(!)" and "[…]" stand within sentences.
    if (body === "" && /[)\]]/.test(closing)) return false;

    const following = text.slice(next, next + 40);
    if (CONTINUING.test(following)) return false;
    const at = following.search(NO_PUNCTUATION);
    if (at < 0) return true;
    const word = following.slice(at);
    if (/^\p{Ll}/u.test(word)) return false;
    if (marks !== "." && marks !== "!") return true;
    return this.#endsBefore(body, marks, word, count);
  }

  /** The same for a single mark before a word that could open a sentence. */
  #endsBefore(body: string, mark: string, word: string, count: number): boolean {
    const { neverFinal, beforeNumbers, beforeDigits, seldomFinal, ordinals } = this.#abbreviations;
    const whole = body + mark;
    const part = whole.slice(
      Math.max(...["-", "–", "/", "’", "'"].map((joint) => body.lastIndexOf(joint))) + 1,
    );
    const isIn = (abbreviations: ReadonlySet<string>): boolean =>
      abbreviations.has(whole) || abbreviations.has(part);
    if (isIn(neverFinal)) return false;
    const isDigit = /^\p{N}/u.test(word);
    if (isDigit && (isIn(beforeDigits) || isIn(beforeNumbers))) return false;
    if (isIn(beforeNumbers) && /^(?:[IVXLCDM]+|\p{Lu})(?![\p{L}\p{N}])/u.test(word)) return false;
    if (isIn(seldomFinal)) return this.#opensSentence(word);
    if (mark === "!") return true;
    if (INITIALS.test(body)) return this.#opensSentence(word);
    const isNumber = /^\p{N}{1,3}$/u.test(body) || ROMAN.test(body);
    if (isNumber && count === 1) return false;
    if (ordinals && (/^\p{N}{1,2}$/u.test(body) || ROMAN.test(body))) return this.#opensSentence(word);
    return true;
  }

  /** Whether a word opens sentences rather than names. */
  #opensSentence(word: string): boolean {
    const letters = /^[\p{L}\p{M}]+/u.exec(word)?.[0] ?? "";
    return this.#abbreviations.starters.has(letters) && word[letters.length] !== ".";
  }
}

/** Where the quotes, brackets and references to notes ("[12]") at the end of a token begin. */
function withoutClosing(token: string): number {
  let end = token.length;
  for (;;) {
    while (end > 0 && CLOSING.has(token[end - 1] ?? "")) end--;
    const note = /\[(?:\d{1,3}|\p{L})$/u.exec(token.slice(Math.max(0, end - 4), end));
    if (note === null || end === token.length) return end;
    end -= note[0].length;
  }
}
