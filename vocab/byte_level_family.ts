import { addToken, type AlignedTokens, noTokens } from "./aligned_tokens.ts";
import { BYTE_LEVEL_SPACE, byteLevelBytes, isByteLevelSpelling } from "./byte_level.ts";
import { isByteLevelSubword } from "./subword.ts";
import type { TokenFamily } from "./token_family.ts";

/**
 * Byte-level BPE: RoBERTa and LUKE.
 *
 * @param encode text without added tokens to ids; adds no space before the first word.
 * @param tokenOf spelling of an id.
 * @param addPrefixSpace whether a text gets a space before its first word where it has none.
 */
export function byteLevelFamily(
  encode: (text: string) => number[],
  tokenOf: (id: number) => string,
  addPrefixSpace: boolean,
): TokenFamily {
  return {
    modelType: "roberta",
    encodeSegment: (segment, prefixSpace) =>
      encode(prefixSpace && !segment.startsWith(" ") ? ` ${segment}` : segment),
    align: (text) => {
      const added = addPrefixSpace && text !== "" && !text.startsWith(" ") ? 1 : 0;
      return align(added === 1 ? ` ${text}` : text, added, encode, tokenOf);
    },
    isSubword: isByteLevelSubword,
    decode,
  };
}

/** Every character of a byte-level spelling is one byte of the text's UTF-8; a token has the place of all characters it touches. */
function align(
  text: string,
  added: number,
  encode: (text: string) => number[],
  tokenOf: (id: number) => string,
): AlignedTokens {
  const starts: number[] = [];
  const ends: number[] = [];
  let index = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let i = 0; i < bytes; i++) {
      starts.push(index);
      ends.push(index + character.length);
    }
    index += character.length;
  }
  const tokens = noTokens();
  const place = (position: number): number => Math.max(0, position - added);
  let byte = 0;
  for (const id of encode(text)) {
    const spelling = tokenOf(id);
    const next = byte + spelling.length;
    // As in transformers (trim_offsets), spaces at the ends of a token are not part of its place.
    let [first, last] = [byte, next];
    while (first < last && spelling[first - byte] === BYTE_LEVEL_SPACE) first++;
    while (last > first && spelling[last - 1 - byte] === BYTE_LEVEL_SPACE) last--;
    const end = ends[Math.max(byte, last - 1)] ?? text.length;
    addToken(tokens, id, place(first < last ? starts[first] ?? end : end), place(end));
    byte = next;
  }
  return tokens;
}

/** A character may be spread over several tokens: only the bytes of all of them are UTF-8. */
function decode(tokens: readonly string[]): string {
  const bytes = tokens.flatMap((token) =>
    Array.from(isByteLevelSpelling(token) ? byteLevelBytes(token) : new TextEncoder().encode(token))
  );
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}
