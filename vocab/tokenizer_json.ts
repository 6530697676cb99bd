import type { SpecialTokens } from "./tokenizer.ts";

/** An entry of `added_tokens` in a `tokenizer.json`. */
export interface AddedToken {
  /** Its id, in the vocabulary of the model or after it. */
  readonly id: number;
  /** Its spelling. */
  readonly content: string;
  /** Matches only between word boundaries. */
  readonly single_word: boolean;
  /** Takes white space before it. */
  readonly lstrip: boolean;
  /** Takes white space after it. */
  readonly rstrip: boolean;
  /** Is looked for in normalized text. */
  readonly normalized: boolean;
  /** Left out when decoding on request. */
  readonly special: boolean;
}

/** A step of a tokenizer pipeline (normalizer, pre-tokenizer, …): its `type` and that type's own settings. */
export interface PipelineStep {
  /** Which step. */
  readonly type: string;
  /** Settings of the step. */
  readonly [setting: string]: unknown;
}

/** The WordPiece model of a `tokenizer.json`. */
export interface WordPieceModel {
  /** Tells models apart. */
  readonly type: "WordPiece";
  /** Stands for words that cannot be spelled. */
  readonly unk_token: string;
  /** Marks tokens that continue a word: `##`. */
  readonly continuing_subword_prefix: string;
  /** Longer words are unknown. */
  readonly max_input_chars_per_word: number;
  /** Token to id. */
  readonly vocab: Readonly<Record<string, number>>;
}

/** The byte-pair encoding model of a `tokenizer.json`. */
export interface BpeModel {
  /** Tells models apart. */
  readonly type: "BPE";
  /** Probability of skipping a merge; `null` for none. */
  readonly dropout: number | null;
  /** `null` in byte-level models, which can spell everything. */
  readonly unk_token: string | null;
  /** Empty or `null` in byte-level models. */
  readonly continuing_subword_prefix: string | null;
  /** Empty or `null` in byte-level models. */
  readonly end_of_word_suffix: string | null;
  /** Whether neighbouring unknown tokens become one. */
  readonly fuse_unk: boolean;
  /** Token to id. */
  readonly vocab: Readonly<Record<string, number>>;
  /** By rank; older files write `"a b"` for `["a", "b"]`. */
  readonly merges: readonly (string | readonly [string, string])[];
}

/** The unigram model of a `tokenizer.json`. */
export interface UnigramJsonModel {
  /** Tells models apart. */
  readonly type: "Unigram";
  /** Id of the token for characters that no piece spells. */
  readonly unk_id: number;
  /** Pieces with their log probabilities, by id. */
  readonly vocab: readonly (readonly [piece: string, score: number])[];
  /** Whether unknown characters are spelled in bytes. */
  readonly byte_fallback: boolean;
}

/** The model of a `tokenizer.json`, of the kinds that open here. */
export type TokenizerModel = WordPieceModel | BpeModel | UnigramJsonModel;

/** The contents of a `tokenizer.json`, the format of Hugging Face tokenizers. */
export interface TokenizerJson<Model = TokenizerModel> {
  /** Version of the format: "1.0". */
  readonly version: string;
  /** Not used here. */
  readonly truncation: unknown;
  /** Not used here. */
  readonly padding: unknown;
  /** Special and other tokens found in text before the model sees it. */
  readonly added_tokens: readonly AddedToken[];
  /** Text to text. */
  readonly normalizer: PipelineStep | null;
  /** Text to words. */
  readonly pre_tokenizer: PipelineStep | null;
  /** Adds the special tokens of a sequence. */
  readonly post_processor: PipelineStep | null;
  /** Tokens to text. */
  readonly decoder: PipelineStep | null;
  /** Words to tokens. */
  readonly model: Model;
}

/** A `tokenizer.json` with a WordPiece model. */
export type WordPieceTokenizerJson = TokenizerJson<WordPieceModel>;
/** A `tokenizer.json` with a byte-pair encoding model. */
export type BpeTokenizerJson = TokenizerJson<BpeModel>;
/** A `tokenizer.json` with a unigram model. */
export type UnigramTokenizerJson = TokenizerJson<UnigramJsonModel>;

/** The special tokens of BERT. */
export const BERT_SPECIAL_TOKENS: SpecialTokens = {
  pad: "[PAD]",
  unk: "[UNK]",
  cls: "[CLS]",
  sep: "[SEP]",
  mask: "[MASK]",
};
/** The special tokens of RoBERTa. */
export const ROBERTA_SPECIAL_TOKENS: SpecialTokens = {
  pad: "<pad>",
  unk: "<unk>",
  cls: "<s>",
  sep: "</s>",
  mask: "<mask>",
};

/**
 * The `tokenizer.json` of a BERT tokenizer: its normalizer, pre-tokenizer and `[CLS] … [SEP]` template around a WordPiece
 * vocabulary.
 *
 * @param tokens by id, the five special tokens among them.
 * @param lowercase whether text is lower-cased and stripped of accents.
 */
export function wordPieceTokenizerJson(
  tokens: readonly string[],
  lowercase: boolean,
  specials: SpecialTokens = BERT_SPECIAL_TOKENS,
): WordPieceTokenizerJson {
  const vocab = vocabOf(tokens);
  const { cls, sep } = specials;
  const piece = (id: string, type_id: number): unknown => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number): unknown => ({ Sequence: { id, type_id } });
  const special = (token: string): unknown => ({ id: token, ids: [vocab[token] ?? 0], tokens: [token] });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocab, Object.values(specials), false),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: lowercase,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [piece(cls, 0), sequence("A", 0), piece(sep, 0)],
      pair: [piece(cls, 0), sequence("A", 0), piece(sep, 0), sequence("B", 1), piece(sep, 1)],
      special_tokens: { [cls]: special(cls), [sep]: special(sep) },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: specials.unk,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/**
 * The `tokenizer.json` of a RoBERTa tokenizer: byte-level BPE with its `<s> … </s>` post-processor.
 *
 * @param merges `"a b"` by rank.
 */
export function byteLevelBpeTokenizerJson(
  vocab: Readonly<Record<string, number>>,
  merges: readonly string[],
  specials: SpecialTokens = ROBERTA_SPECIAL_TOKENS,
): BpeTokenizerJson {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    // As in the released files: of the special tokens only the mask takes the space before it.
    added_tokens: addedTokens(vocab, Object.values(specials), true)
      .map((token) => token.content === specials.mask ? { ...token, lstrip: true } : token),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: [specials.sep, vocab[specials.sep] ?? 0],
      cls: [specials.cls, vocab[specials.cls] ?? 0],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

/**
 * The `tokenizer.json` of an XLM-RoBERTa tokenizer.
 *
 * @param pieces by id, with their log probabilities.
 * @param precompiledCharsmap the table of normalizations; empty for none.
 */
export function unigramTokenizerJson(
  pieces: readonly (readonly [piece: string, score: number])[],
  precompiledCharsmap: Uint8Array,
  specials: SpecialTokens = ROBERTA_SPECIAL_TOKENS,
): UnigramTokenizerJson {
  const vocab = vocabOf(pieces.map(([piece]) => piece));
  const { cls, sep } = specials;
  const piece = (id: string, type_id: number): unknown => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number): unknown => ({ Sequence: { id, type_id } });
  const special = (token: string): unknown => ({ id: token, ids: [vocab[token] ?? 0], tokens: [token] });
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocab, Object.values(specials), false)
      .map((token) => token.content === specials.mask ? { ...token, lstrip: true } : token),
    normalizer: precompiledCharsmap.length === 0
      ? null
      : { type: "Precompiled", precompiled_charsmap: base64(precompiledCharsmap) },
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] },
    post_processor: {
      type: "TemplateProcessing",
      single: [piece(cls, 0), sequence("A", 0), piece(sep, 0)],
      pair: [piece(cls, 0), sequence("A", 0), piece(sep, 0), piece(sep, 0), sequence("B", 0), piece(sep, 0)],
      special_tokens: { [cls]: special(cls), [sep]: special(sep) },
    },
    decoder: metaspace,
    model: { type: "Unigram", unk_id: vocab[specials.unk] ?? 0, vocab: pieces, byte_fallback: false },
  };
}

/** Tokens of a model with their ids. */
export function modelTokens(model: TokenizerModel): [token: string, id: number][] {
  return model.type === "Unigram"
    ? model.vocab.map(([piece], id) => [piece, id])
    : Object.entries(model.vocab);
}

/** The steps of a pipeline stage one by one, sequences taken apart. */
export function pipelineSteps(step: PipelineStep | null): PipelineStep[] {
  if (step === null) return [];
  const steps = step.type === "Sequence"
    ? [step.pretokenizers, step.normalizers, step.decoders, step.processors].find(Array.isArray)
    : undefined;
  return steps === undefined ? [step] : steps.flatMap(pipelineSteps);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Token to id; `Object.fromEntries` keeps a token such as `__proto__`, which an assignment would lose. */
function vocabOf(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

function addedTokens(
  vocab: Readonly<Record<string, number>>,
  contents: readonly string[],
  normalized: boolean,
): AddedToken[] {
  const present = [...new Set(contents)].filter((content) => Object.hasOwn(vocab, content));
  return present
    .map((content) => ({
      id: vocab[content] ?? 0,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized,
      special: true,
    }))
    .sort((a, b) => a.id - b.id);
}
