import type { SegmentTokenizerData } from "./segment_tokenizer.ts";

/** The five special tokens that pretraining needs, by role. */
export interface SpecialTokens {
  /** Fills rows beyond an item's end. */
  readonly pad: string;
  /** Stands for what the vocabulary cannot spell. */
  readonly unk: string;
  /** Opens a sequence. */
  readonly cls: string;
  /** Closes a sequence. */
  readonly sep: string;
  /** Replaces a masked token. */
  readonly mask: string;
}

/** Hugging Face `model_type` of the base models whose tokenizers open here. */
export type TokenizerModelType = "bert" | "roberta" | "xlm-roberta";

/** Options of {@linkcode Tokenizer.encodeText}. */
export interface EncodeTextOptions {
  /** Whether `[CLS]` and `[SEP]` (`<s>` and `</s>`) stand around the text. Default true. */
  readonly addSpecialTokens?: boolean;
  /**
   * Mentions: from and to (exclusive) in UTF-16 code units of the text, in any order; they may touch and overlap. The text
   * is cut at their ends and the pieces are encoded one by one, the space before a mention going with it, as transformers'
   * `LukeTokenizer` does: the ids may differ from those of the uncut text.
   */
  readonly spans?: readonly (readonly [start: number, end: number])[];
}

/** What {@linkcode Tokenizer.encodeText} returns. All lists but `spans` have one entry a token. */
export interface EncodedText {
  /** Token ids. */
  readonly ids: readonly number[];
  /**
   * Where each token stands in the text: from and to (exclusive) in UTF-16 code units, without the space before a word (with it
   * where an XLM-RoBERTa tokenizer does not split at white space, as in transformers 4). Several
   * tokens of one character all have its place; `[CLS]` and `[SEP]` have `[0, 0]`.
   */
  readonly offsets: readonly (readonly [start: number, end: number])[];
  /** The same in code points: Python's offsets. */
  readonly codePointOffsets: readonly (readonly [start: number, end: number])[];
  /** Whether the token was added around the text: `special_tokens_mask` of transformers. */
  readonly isSpecial: readonly boolean[];
  /** For each requested span, its tokens: indices into `ids` from and to (exclusive). Empty where the span has no token. */
  readonly spans: readonly (readonly [start: number, end: number])[];
}

/** Options of {@linkcode Tokenizer.decode}. */
export interface DecodeOptions {
  /** Leaves special tokens out. Default false. */
  readonly skipSpecialTokens?: boolean;
  /**
   * Removes spaces before punctuation and English contractions in the whole text (`clean_up_tokenization_spaces`). Default: what
   * `tokenizer_config.json` says, else false, but true for `LukeTokenizer`. Ignored for other byte-level BPE tokenizers, as in
   * transformers 5.
   */
  readonly cleanUp?: boolean;
}

/** Splits text into subword ids, by the rules of LUKE's dataset builder and masking collator. */
export interface Tokenizer {
  /** One more than the highest id, added tokens included: the row count of the word embedding table. */
  readonly vocabSize: number;
  /** Id of the token that fills rows. */
  readonly padId: number;
  /** Id of the unknown token. */
  readonly unkId: number;
  /** Id of the token that opens a sequence. */
  readonly clsId: number;
  /** Id of the token that closes a sequence. */
  readonly sepId: number;
  /** Id of the mask token. */
  readonly maskId: number;
  /** Hugging Face `model_type` of the networks that this kind of tokenizer goes with. */
  readonly modelType: TokenizerModelType;
  /**
   * The ids of one segment of a sentence (the text before a mention, a mention, the tail) without `[CLS]`/`[SEP]`: white space
   * runs become one space, trailing space is dropped, nothing left gives no ids.
   *
   * Text is only text: a literal `[MASK]` in the corpus is spelled like any other word and never yields a special id
   * other than the unknown one.
   *
   * @param prefixSpace whether the segment starts a word although no space precedes its text. Byte-level BPE spells a word
   * differently after a space, Unigram too; WordPiece ignores this.
   */
  encodeSegment(text: string, prefixSpace: boolean): number[];
  /**
   * A whole text for inference, as transformers encodes it: special and added tokens in the text (`<mask>`, `[MASK]`, `<ent>`)
   * are recognised, white space is kept as it is, special tokens stand around it.
   *
   * @throws {RangeError} when a span is not within the text or cuts a character in two.
   */
  encodeText(text: string, options?: EncodeTextOptions): EncodedText;
  /** The id of a special or added token such as `<ent>`; `undefined` when the tokenizer has none so spelled. */
  addedTokenId(token: string): number | undefined;
  /** The token of an id as the vocabulary spells it. @throws {RangeError} when no token has the id. */
  token(id: number): string;
  /**
   * The text that ids stand for, as transformers' `decode` gives it; special tokens show as they are spelled. A WordPiece text has
   * no space before punctuation where `tokenizer.json` says so (`decoder.cleanup`).
   *
   * @throws {RangeError} when no token has an id.
   */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /**
   * Whether a token continues the word before it, for whole-word masking. WordPiece: it starts with `##`. Byte-level BPE: it
   * does not decode to a leading space, and the first character of its spelling is no punctuation (LUKE's rule). Unigram: never,
   * so that XLM-RoBERTa masks subwords, as upstream; with `byMark`, a piece that neither starts with `▁` or punctuation nor is of a
   * script without spaces.
   * False for ids without a token.
   */
  isSubword(id: number, byMark?: boolean): boolean;
  /** What another thread needs to encode segments: {@linkcode SegmentTokenizer} opens it. */
  segmentTokenizerData(): SegmentTokenizerData;
  /**
   * Writes `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json` and the older files of the kind (`vocab.txt`, or
   * `vocab.json` and `merges.txt`, or the `sentencepiece.bpe.model` that was opened) into a directory that exists; Hugging Face transformers opens it. Added tokens and the
   * tokenizer class stay as they were opened.
   */
  save(directory: string): void;
}
