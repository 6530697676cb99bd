/** The part of a tokenizer that masking needs. */
export interface MaskingTokenizer {
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Id of the padding token. */
  readonly padId: number;
  /** Id of the token that opens an item. */
  readonly clsId: number;
  /** Id of the token that closes an item. */
  readonly sepId: number;
  /** Id of `[MASK]`. */
  readonly maskId: number;
  /** Whether the token continues the word before it; `byMark`: by the `▁` of Unigram pieces too. */
  isSubword(id: number, byMark?: boolean): boolean;
}

/** What masking has to know of a tokenizer, without the tokenizer: threads take it over by structured cloning. */
export interface MaskingTables {
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** Id of the padding token. */
  readonly padId: number;
  /** Id of the token that opens an item. */
  readonly clsId: number;
  /** Id of the token that closes an item. */
  readonly sepId: number;
  /** Id of `[MASK]`. */
  readonly maskId: number;
  /** 1 for each id that continues the word before it; vocabSize long. */
  readonly subwords: Uint8Array;
}

/** Options of {@linkcode maskingTables}. */
export interface MaskingTableOptions {
  /**
   * With an XLM-RoBERTa tokenizer, words are what the mark `▁` opens, so that whole words are masked. Upstream knows no words there
   * and masks subwords. Other tokenizers are not concerned. Default false.
   */
  readonly xlmRWholeWords?: boolean;
}

/** The tables of a tokenizer. */
export function maskingTables(
  tokenizer: MaskingTokenizer,
  { xlmRWholeWords = false }: MaskingTableOptions = {},
): MaskingTables {
  const { vocabSize, padId, clsId, sepId, maskId } = tokenizer;
  const subwords = new Uint8Array(vocabSize);
  for (let id = 0; id < vocabSize; id++) subwords[id] = tokenizer.isSubword(id, xlmRWholeWords) ? 1 : 0;
  return { vocabSize, padId, clsId, sepId, maskId, subwords };
}
