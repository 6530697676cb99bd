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
  readonly modelType: "bert" | "roberta";
  /**
   * The ids of one segment of a sentence (the text before a mention, a mention, the tail) without `[CLS]`/`[SEP]`: white space
   * runs become one space, trailing space is dropped, nothing left gives no ids.
   *
   * Text is only text: a literal `[MASK]` in the corpus is spelled like any other word and never yields a special id
   * other than the unknown one.
   *
   * @param prefixSpace whether the segment starts a word although no space precedes its text. Byte-level BPE spells a word
   * differently after a space; WordPiece ignores this.
   */
  encodeSegment(text: string, prefixSpace: boolean): number[];
  /** The token of an id as the vocabulary spells it. @throws {RangeError} when no token has the id. */
  token(id: number): string;
  /** The text that ids stand for; special tokens show as they are spelled. @throws {RangeError} when no token has an id. */
  decode(ids: Iterable<number>): string;
  /**
   * Whether a token continues the word before it, for whole-word masking. WordPiece: it starts with `##`. Byte-level BPE: it
   * does not decode to a leading space, and the first character of its spelling is no punctuation (LUKE's rule).
   * False for ids without a token.
   */
  isSubword(id: number): boolean;
  /**
   * Writes `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json` and the older files of the kind (`vocab.txt`, or
   * `vocab.json` and `merges.txt`) into a directory that exists; Hugging Face transformers opens it.
   */
  save(directory: string): void;
}
