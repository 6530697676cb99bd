import { addToken, type AlignedTokens, noTokens } from "./aligned_tokens.ts";
import type { EncodedText, EncodeTextOptions } from "./tokenizer.ts";

/**
 * Encodes a text, cut at the ends of mentions, by the rules of transformers' `LukeTokenizer._create_input_sequence`.
 *
 * @param encodePiece a piece of the text to ids with their places in the piece.
 */
export function encodeText(
  text: string,
  encodePiece: (piece: string) => AlignedTokens,
  { clsId, sepId }: { readonly clsId: number; readonly sepId: number },
  { addSpecialTokens = true, spans = [] }: EncodeTextOptions,
): EncodedText {
  for (const span of spans) checkSpan(text, span);
  const tokens = noTokens();
  if (addSpecialTokens) addToken(tokens, clsId, 0, 0);
  const tokenAt = new Map<number, number>();
  let done = 0;
  const encodeTo = (end: number): void => {
    const piece = encodePiece(text.slice(done, end));
    piece.ids.forEach((id, i) =>
      addToken(tokens, id, done + (piece.starts[i] ?? 0), done + (piece.ends[i] ?? 0))
    );
    done = end;
  };
  for (const position of [...new Set(spans.flat())].sort((a, b) => a - b)) {
    // The space before a mention or after it goes with the token that follows.
    const end = position > 0 && text[position - 1] === " " ? position - 1 : position;
    if (end > done) encodeTo(end);
    tokenAt.set(position, tokens.ids.length);
  }
  encodeTo(text.length);
  if (addSpecialTokens) addToken(tokens, sepId, 0, 0);

  const codePointAt = codePointPositions(text);
  const last = tokens.ids.length - 1;
  const offsets = tokens.ids.map((_, i): [number, number] => [tokens.starts[i] ?? 0, tokens.ends[i] ?? 0]);
  return {
    ids: tokens.ids,
    offsets,
    codePointOffsets: offsets.map(([start, end]) => [codePointAt[start] ?? 0, codePointAt[end] ?? 0]),
    isSpecial: tokens.ids.map((_, i) => addSpecialTokens && (i === 0 || i === last)),
    spans: spans.map(([start, end]) => [tokenAt.get(start) ?? 0, tokenAt.get(end) ?? 0]),
  };
}

function checkSpan(text: string, [start, end]: readonly [number, number]): void {
  const isWithin = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end &&
    end <= text.length;
  const cuts = (position: number): boolean =>
    /[\uD800-\uDBFF]/.test(text[position - 1] ?? "") && /[\uDC00-\uDFFF]/.test(text[position] ?? "");
  if (!isWithin || cuts(start) || cuts(end)) {
    throw new RangeError(
      `the span ${start} to ${end} is not within a text of ${text.length} UTF-16 code units, or cuts a character in two`,
    );
  }
}

/** For each UTF-16 position, how many code points stand before it. */
function codePointPositions(text: string): Uint32Array {
  const positions = new Uint32Array(text.length + 1);
  let index = 0;
  let count = 0;
  for (const character of text) {
    positions.fill(count, index, index += character.length);
    count++;
  }
  positions[index] = count;
  return positions;
}
