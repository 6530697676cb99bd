import type { PrecompiledCharsmap } from "./precompiled_charsmap.ts";

/** A text as it is being normalized: its code points, and for each the stretch of the original that it comes from. */
export interface AlignedText {
  /** Code points. */
  readonly characters: readonly string[];
  /** Where each comes from, in UTF-16 code units. */
  readonly starts: readonly number[];
  /** Where that ends, exclusive. */
  readonly ends: readonly number[];
}

/** A text that stands for itself. */
export function alignedText(text: string): AlignedText {
  const characters = Array.from(text);
  const starts: number[] = [];
  const ends: number[] = [];
  let index = 0;
  for (const { length } of characters) {
    starts.push(index);
    ends.push(index += length);
  }
  return { characters, starts, ends };
}

/** Made when it is first needed: that takes longer than to load this package. */
let graphemes: Intl.Segmenter | undefined;

/**
 * Normalizes with the table of a SentencePiece model, as Hugging Face tokenizers does: whole grapheme clusters of fewer than six
 * bytes first, else character by character.
 */
export function applyCharsmap(text: AlignedText, charsmap: PrecompiledCharsmap): AlignedText {
  const characters: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const put = (parts: readonly string[], from: number, count: number): void => {
    parts.forEach((part, i) => {
      const at = from + Math.min(i, count - 1);
      characters.push(part);
      starts.push(text.starts[at] ?? 0);
      ends.push(text.ends[at] ?? 0);
    });
  };
  let at = 0;
  for (const cluster of clusters(text.characters)) {
    if (cluster === text.characters[at]) {
      // A cluster of one character, nearly always.
      const one = charsmap.transform(cluster);
      if (one !== undefined) put(Array.from(one), at, 1);
      else {
        characters.push(cluster);
        starts.push(text.starts[at] ?? 0);
        ends.push(text.ends[at] ?? 0);
      }
      at++;
      continue;
    }
    const parts = Array.from(cluster);
    const whole = utf8Length(cluster) < 6 ? charsmap.transform(cluster) : undefined;
    if (whole !== undefined) put(Array.from(whole), at, parts.length);
    else {
      parts.forEach((part, i) => {
        const one = charsmap.transform(part);
        put(one === undefined ? [part] : Array.from(one), at + i, 1);
      });
    }
    at += parts.length;
  }
  return { characters, starts, ends };
}

/** Grapheme clusters; below U+0300 only a carriage return joins what follows. */
function clusters(characters: readonly string[]): Iterable<string> {
  const text = characters.join("");
  if (!/[\r\u0300-\uffff]/.test(text)) return characters;
  graphemes ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Replaces every match of a global pattern by `replacement`, which has the place of the match's last character. */
export function replaceAligned(text: AlignedText, pattern: RegExp, replacement: string): AlignedText {
  const joined = text.characters.join("");
  const characters: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  let index = 0;
  const keepUntil = (end: number): void => {
    for (; index < end; at++) {
      const character = text.characters[at] ?? "";
      characters.push(character);
      starts.push(text.starts[at] ?? 0);
      ends.push(text.ends[at] ?? 0);
      index += character.length;
    }
  };
  for (const match of joined.matchAll(pattern)) {
    if (match[0] === "") continue;
    keepUntil(match.index);
    for (; index < match.index + match[0].length; at++) index += text.characters[at]?.length ?? 1;
    for (const character of replacement) {
      characters.push(character);
      starts.push(text.starts[at - 1] ?? 0);
      ends.push(text.ends[at - 1] ?? 0);
    }
  }
  keepUntil(joined.length);
  return { characters, starts, ends };
}
