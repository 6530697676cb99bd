import type { AddedToken } from "./tokenizer_json.ts";

/** A stretch of text between added tokens, or an added token with the white space it takes. */
export interface TextPart {
  /** Where it starts, in UTF-16 code units. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
  /** The id of the added token; `undefined` for text. */
  readonly id: number | undefined;
}

/**
 * Finds added tokens in a text as Hugging Face tokenizers do: the leftmost, of those the longest; `single_word`, `lstrip` and
 * `rstrip` as the token says. First the tokens that are looked for in the text as it is, then, in what is left, the
 * `normalized` ones (here too in the text as it is: their spelling is not normalized).
 */
export class AddedTokenMatcher {
  readonly #passes: readonly { pattern: RegExp; tokens: ReadonlyMap<string, AddedToken> }[];

  constructor(tokens: readonly AddedToken[]) {
    this.#passes = [false, true].flatMap((normalized) => {
      const chosen = tokens.filter((token) => token.normalized === normalized && token.content !== "");
      if (chosen.length === 0) return [];
      const contents = chosen.map(({ content }) => content).sort((a, b) => b.length - a.length);
      return [{
        pattern: new RegExp(contents.map(escaped).join("|"), "g"),
        tokens: new Map(chosen.map((token) => [token.content, token])),
      }];
    });
  }

  /** The parts of a text in order; they cover it without gaps. */
  split(text: string): TextPart[] {
    let parts: TextPart[] = text === "" ? [] : [{ start: 0, end: text.length, id: undefined }];
    for (const { pattern, tokens } of this.#passes) {
      parts = parts.flatMap((part) =>
        part.id === undefined ? splitPart(text, part, pattern, tokens) : [part]
      );
    }
    return parts;
  }
}

function splitPart(
  text: string,
  part: TextPart,
  pattern: RegExp,
  tokens: ReadonlyMap<string, AddedToken>,
): TextPart[] {
  const parts: TextPart[] = [];
  const piece = text.slice(part.start, part.end);
  let done = 0;
  for (const { index, 0: content } of piece.matchAll(pattern)) {
    const token = tokens.get(content);
    let [start, end] = [index, index + content.length];
    if (token === undefined || start < done) continue;
    const [before, after] = [piece.slice(0, start), piece.slice(end)];
    if (
      token.single_word &&
      (/[\p{L}\p{M}\p{N}\p{Pc}]$/u.test(before) || /^[\p{L}\p{M}\p{N}\p{Pc}]/u.test(after))
    ) continue;
    if (token.lstrip) start = Math.max(done, before.replace(/\p{White_Space}+$/u, "").length);
    if (token.rstrip) end += /^\p{White_Space}*/u.exec(after)?.[0].length ?? 0;
    if (done < start) parts.push({ start: part.start + done, end: part.start + start, id: undefined });
    parts.push({ start: part.start + start, end: part.start + end, id: token.id });
    done = end;
  }
  if (part.start + done < part.end) parts.push({ start: part.start + done, end: part.end, id: undefined });
  return parts;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&");
}
