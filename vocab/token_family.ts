import type { AlignedTokens } from "./aligned_tokens.ts";
import type { TokenizerModelType } from "./tokenizer.ts";

/** What differs between the kinds of tokenizers: how text becomes tokens and tokens become text. */
export interface TokenFamily {
  /** Which kind. */
  readonly modelType: TokenizerModelType;
  /** The ids of a segment whose white space is collapsed; text is only text. */
  encodeSegment(segment: string, prefixSpace: boolean): number[];
  /** The ids of a text without added tokens, as transformers' pipeline gives them, with their places. */
  align(text: string): AlignedTokens;
  /** LUKE's rule for tokens that continue a word; `byMark`: Unigram pieces may, too. */
  isSubword(token: string, byMark: boolean): boolean;
  /** The text of tokens in the vocabulary's spelling. */
  decode(tokens: readonly string[]): string;
}
