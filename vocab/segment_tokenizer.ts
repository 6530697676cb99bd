import { Kitoken } from "kitoken";
import { openFamily } from "./open_family.ts";
import type { TokenFamily } from "./token_family.ts";
import type { TokenizerModelType } from "./tokenizer.ts";
import type { TokenizerJson } from "./tokenizer_json.ts";

/** The part of a tokenizer that turns segments of sentences into ids, as plain data that can be sent to another thread. */
export interface SegmentTokenizerData {
  /** Its rules; without the vocabulary where `encoder` has it. */
  readonly json: TokenizerJson;
  /** The WordPiece or BPE model in the form of its encoder, which opens in a twentieth of the time that a `tokenizer.json` takes. */
  readonly encoder: Uint8Array | undefined;
  /** Kind of network. */
  readonly modelType: TokenizerModelType;
  /** Id of the unknown token. */
  readonly unkId: number;
  /** By id, 1 for special tokens. */
  readonly isSpecial: Uint8Array;
  /** By id, 1 for tokens that continue the word before them. */
  readonly isSubword: Uint8Array;
}

/** Encodes segments of sentences exactly as the tokenizer that the data came from. */
export class SegmentTokenizer {
  /** Kind of network. */
  readonly modelType: TokenizerModelType;
  /** Id of the unknown token. */
  readonly unkId: number;
  readonly #isSubword: Uint8Array;
  readonly #family: TokenFamily;

  /** Opens what `Tokenizer.segmentTokenizerData()` gave. @throws {Error} when the data are no tokenizer's. */
  constructor({ json, encoder, modelType, unkId, isSpecial, isSubword }: SegmentTokenizerData) {
    this.modelType = modelType;
    this.unkId = unkId;
    this.#isSubword = isSubword;
    this.#family = openFamily(json, {
      kitoken: encoder && new Kitoken(encoder),
      isSpecial,
      tokenOf: () => "", // only whole texts need it
      addsPrefixSpace: false,
    });
  }

  /** As `Tokenizer.encodeSegment()`. */
  encodeSegment(text: string, prefixSpace: boolean): number[] {
    return encodeSegment(this.#family, text, prefixSpace);
  }

  /** As `Tokenizer.isSubword()` without `byMark`. */
  isSubword(id: number): boolean {
    return this.#isSubword[id] === 1;
  }
}

/** White space as Python's `\s` has it, which upstream collapses: U+001C–U+001F and U+0085 too, U+FEFF not. */
// deno-lint-ignore no-control-regex
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** Whether there is white space other than single spaces. */
// deno-lint-ignore no-control-regex
const NOT_COLLAPSED = /[\t-\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]| {2}/;

/** The ids of a segment: white space runs become one space, trailing space is dropped, nothing left gives no ids. */
export function encodeSegment(family: TokenFamily, text: string, prefixSpace: boolean): number[] {
  const collapsed = NOT_COLLAPSED.test(text) ? text.replace(WHITE_SPACE, " ") : text;
  const segment = collapsed.endsWith(" ") ? collapsed.slice(0, -1) : collapsed;
  return segment === "" ? [] : family.encodeSegment(segment, prefixSpace);
}
