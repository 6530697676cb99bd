import { UserError } from "@lukeforge/corpus";
import type { SpecialTokens, Tokenizer } from "./tokenizer.ts";
import { BERT_SPECIAL_TOKENS, ROBERTA_SPECIAL_TOKENS } from "./tokenizer_json.ts";

/** Where the tokens that no text is trained for stand in a vocabulary. */
export interface SpecialTokenLayout {
  /** Tokens with the first ids, in order. */
  readonly first: readonly string[];
  /** Tokens with the last ids, in order. */
  readonly last: readonly string[];
  /** The five special tokens by role; each is among `first` or `last`. */
  readonly specials: SpecialTokens;
}

/** `[PAD] [UNK] [CLS] [SEP] [MASK]` first, as Hugging Face's `BertWordPieceTokenizer` trains. */
export const WORD_PIECE_LAYOUT: SpecialTokenLayout = {
  first: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  last: [],
  specials: BERT_SPECIAL_TOKENS,
};
/** `<s> <pad> </s> <unk> <mask>` first, as Hugging Face's examples train RoBERTa. */
export const BYTE_LEVEL_BPE_LAYOUT: SpecialTokenLayout = {
  first: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
  last: [],
  specials: ROBERTA_SPECIAL_TOKENS,
};
/** `<s> <pad> </s> <unk>` first and `<mask>` last, as XLM-RoBERTa has them. */
export const UNIGRAM_LAYOUT: SpecialTokenLayout = {
  first: ["<s>", "<pad>", "</s>", "<unk>"],
  last: ["<mask>"],
  specials: ROBERTA_SPECIAL_TOKENS,
};

const UNUSED = /^(\[unused\d+\]|<unused\d+>)$/;

/**
 * The layout of an existing tokenizer: the run of special, added and unused tokens (`[unused1]`) that its ids begin with, and the
 * one that they end with. Of bert-base-cased these are the first 106 ids, `[PAD] [unused1] … [unused99] [UNK] [CLS] [SEP] [MASK]
 * [unused100] [unused101]`; of RoBERTa `<s> <pad> </s> <unk>` and, last, `<mask>`. A special token that stands between learned
 * ones comes last.
 */
export function specialTokenLayoutOf(tokenizer: Tokenizer): SpecialTokenLayout {
  const { padId, unkId, clsId, sepId, maskId, vocabSize } = tokenizer;
  const ids = new Set([padId, unkId, clsId, sepId, maskId]);
  const nameAt = (id: number): string | undefined => {
    if (id < 0 || id >= vocabSize) return undefined;
    let token: string;
    try {
      token = tokenizer.token(id);
    } catch {
      return undefined; // an id without a token
    }
    return ids.has(id) || UNUSED.test(token) || tokenizer.addedTokenId(token) === id ? token : undefined;
  };
  const run = (from: number, step: 1 | -1): string[] => {
    const tokens: string[] = [];
    for (let id = from;; id += step) {
      const token = nameAt(id);
      if (token === undefined) return tokens;
      tokens.push(token);
    }
  };
  const first = run(0, 1);
  const last = first.length === vocabSize ? [] : run(vocabSize - 1, -1).reverse();
  const name = (id: number): string => tokenizer.token(id);
  const specials = {
    pad: name(padId),
    unk: name(unkId),
    cls: name(clsId),
    sep: name(sepId),
    mask: name(maskId),
  };
  const known = new Set([...first, ...last]);
  const between = Object.values(specials).filter((token) => !known.has(token));
  return { first, last: [...last, ...between], specials };
}

/**
 * Refuses a layout that cannot be trained with.
 *
 * @throws {UserError} when a token stands in it twice, or one of the five special tokens does not.
 */
export function checkSpecialTokenLayout({ first, last, specials }: SpecialTokenLayout): void {
  const seen = new Set<string>();
  for (const token of [...first, ...last]) {
    if (token === "") throw new UserError("special tokens: one is empty; give it a name such as [unused1]");
    if (seen.has(token)) {
      throw new UserError(
        `special tokens: ${JSON.stringify(token)} stands there twice; name each token once`,
      );
    }
    seen.add(token);
  }
  for (const [role, token] of Object.entries(specials)) {
    if (!seen.has(token)) {
      throw new UserError(`special tokens: ${token} (${role}_token) is not among them; add it`);
    }
  }
}
