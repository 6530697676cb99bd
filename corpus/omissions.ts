import type { WikiLink } from "./paragraph_builder.ts";

/**
 * Stands in wikitext where something was taken out whose text a reader may have seen: a template, a formula. A noncharacter, which
 * is removed from the source beforehand.
 */
export const OMISSION = "\ufdd0";

/** Stands where markup was taken out that ends a word to MediaWiki: letters after it are no trail of a link before it. */
export const BOUNDARY = "\ufdd1";

/** `text` without {@link OMISSION} and {@link BOUNDARY}. */
export function withoutMarks(text: string): string {
  return text.includes(OMISSION) || text.includes(BOUNDARY) ? text.replace(/[\ufdd0\ufdd1]/g, "") : text;
}

const opening = "([（【「『";
const closing = ")]）】」』";
const separators = " ,;:、，；：،؛";
/** A full stop and its like, but neither an ellipsis nor the point of a number. */
const endOfSentence = /^[.!?。．！？](?![\p{L}\p{N}.!?])/u;

/** Neither separator nor opening bracket. */
const quietBefore = /[\w.!?"')\]]/;
/** Neither separator, closing bracket nor end of a sentence. */
const quietAfter = /[\w"'([]/;

/** A stretch of text that goes. */
interface Cut {
  start: number;
  end: number;
}

/**
 * Tidies the punctuation that omissions leave behind: brackets with nothing in them, separators with nothing on one side, space
 * before punctuation. `Halvay (␀, "stone") is ␀, or (␀; ␀) so.` becomes `Halvay ("stone") is, or so.` Only what stands at an
 * omission changes, and never the text of a link. Linear time.
 *
 * @param omissions ascending offsets into `text`.
 */
export function tidyOmissions(
  text: string,
  links: readonly WikiLink[],
  omissions: readonly number[],
): { text: string; links: WikiLink[] } {
  const cuts: Cut[] = [];
  for (let i = 0; i < omissions.length;) {
    const first = omissions[i] ?? 0;
    let last = first;
    const right = skipRight(text, first);
    while (i < omissions.length && (omissions[i] ?? 0) <= right) last = omissions[i++] ?? last;
    const isApart = (cuts.at(-1)?.end ?? -1) < first;
    if (isApart && !isUntidy(text, first, last, right)) continue;
    addCut(text, cuts, { start: first, end: last });
  }
  return cuts.length === 0 ? { text, links: [...links] } : applyCuts(text, links, cuts);
}

/**
 * Whether anything may have to go around the omissions from `first` to `last`, which have separators up to `right`. Nothing has to
 * behind a word or a full stop where a word follows, with a space or without: most are references that stand so.
 */
function isUntidy(text: string, first: number, last: number, right: number): boolean {
  return first === 0 || last > first || right > last + 1 || (right > last && text[last] !== " ") ||
    !quietBefore.test(text[first - 1] ?? "") || !quietAfter.test(text[right] ?? "");
}

/** Finds what goes around the omissions in `core`, which have only separators between them. */
function addCut(text: string, cuts: Cut[], core: Cut): void {
  for (;;) {
    const left = skipLeft(text, cuts, core.start);
    const right = skipRight(text, core.end);
    const bracket = opening.indexOf(text[left - 1] ?? "\n");
    const isClosed = closing.includes(text[right] ?? "\n");
    if (bracket < 0 || closing[bracket] !== text[right]) {
      const cut = bracket >= 0 || isClosed
        ? { start: left, end: right }
        : cutInProse(text, left, right, core);
      mergeCut(cuts, cut);
      return;
    }
    core = { start: left - 1, end: right + 1 };
    mergeCut(cuts, core);
  }
}

function cutInProse(text: string, left: number, right: number, core: Cut): Cut {
  if (left === 0) return { start: 0, end: right };
  for (let at = core.end; at < right; at++) if (text[at] !== " ") return { start: left, end: at };
  if (endOfSentence.test(text.slice(right, right + 2))) return { start: left, end: right };
  // White space on both sides becomes one; at the end of the paragraph none.
  const spaced = text[core.end] === " " || right === text.length;
  const start = spaced && text[core.start - 1] === " " ? core.start - 1 : core.start;
  return { start, end: core.end };
}

function skipRight(text: string, at: number): number {
  while (at < text.length && separators.includes(text[at] ?? "")) at++;
  return at;
}

/** Goes left over separators and over what was cut before. */
function skipLeft(text: string, cuts: Cut[], at: number): number {
  for (let i = cuts.length - 1; at > 0;) {
    const cut = cuts[i];
    if (cut !== undefined && cut.end >= at) {
      at = Math.min(at, cut.start);
      i--;
    } else if (separators.includes(text[at - 1] ?? "")) {
      at--;
    } else {
      break;
    }
  }
  return at;
}

/** Adds `cut`, which ends after all others, and takes in those it overlaps or touches. */
function mergeCut(cuts: Cut[], cut: Cut): void {
  let { start } = cut;
  for (let last = cuts.at(-1); last !== undefined && last.end >= start; last = cuts.at(-1)) {
    start = Math.min(start, last.start);
    cuts.pop();
  }
  if (start < cut.end) cuts.push({ start, end: cut.end });
}

function applyCuts(
  text: string,
  links: readonly WikiLink[],
  cuts: readonly Cut[],
): { text: string; links: WikiLink[] } {
  let kept = "";
  let at = 0;
  let next = 0;
  const moved: WikiLink[] = [];
  const move = (before: number): void => {
    for (let link = links[next]; link !== undefined && link.start < before; link = links[++next]) {
      const start = link.start - at + kept.length;
      moved.push({ ...link, start, end: start + link.end - link.start });
    }
  };
  for (const { start, end } of cuts) {
    move(start);
    const touched = moved.at(-1);
    const following = links[next];
    const inLink = touched !== undefined && touched.end > kept.length + start - at;
    if (inLink || (following !== undefined && following.start < end)) continue;
    kept += text.slice(at, start);
    at = end;
  }
  move(Infinity);
  return { text: kept + text.slice(at), links: moved };
}
