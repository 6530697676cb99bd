import { Kitoken } from "kitoken";
import { bertPieceEnd } from "./bert_words.ts";
import { byteLevelFamily } from "./byte_level_family.ts";
import { gpt2WordEnd } from "./gpt2_words.ts";
import { metaspaceFamily } from "./metaspace_family.ts";
import type { TokenFamily } from "./token_family.ts";
import { type PipelineStep, pipelineSteps, type TokenizerJson } from "./tokenizer_json.ts";
import { UnigramModel } from "./unigram_model.ts";
import { rememberingWords } from "./word_ids.ts";
import { wordPieceFamily } from "./word_piece_family.ts";

/** What {@linkcode openFamily} needs beside the `tokenizer.json`. */
export interface FamilyParts {
  /** The encoder of a WordPiece or BPE model: {@linkcode openKitoken}. */
  readonly kitoken: Kitoken | undefined;
  /** By id, 1 for special tokens, which no text spells. */
  readonly isSpecial: Uint8Array;
  /** Spelling of an id. */
  readonly tokenOf: (id: number) => string;
  /** Whether whole texts get a space before their first word. */
  readonly addsPrefixSpace: boolean;
}

/**
 * How the model of a `tokenizer.json` makes tokens of text. Where there is a `kitoken`, the vocabulary of `json` is not read.
 *
 * @throws {RangeError} when a step of the pipeline is of an unknown kind.
 */
export function openFamily(json: TokenizerJson, parts: FamilyParts): TokenFamily {
  const { model } = json;
  const { kitoken, isSpecial, tokenOf, addsPrefixSpace } = parts;
  if (model.type === "Unigram") {
    return metaspaceFamily(json, new UnigramModel(model.vocab, model.unk_id, (id) => isSpecial[id] === 1));
  }
  if (kitoken === undefined) throw new RangeError(`no encoder for ${model.type}`);
  const encode = (text: string): number[] => Array.from(kitoken.encode(text, false));
  const wordEnd = independentWords(json);
  const remembering = wordEnd === undefined ? encode : rememberingWords(wordEnd, encode);
  return model.type === "BPE"
    ? byteLevelFamily(remembering, tokenOf, addsPrefixSpace)
    : wordPieceFamily(json, remembering, tokenOf);
}

/**
 * The encoder of a WordPiece or BPE model; undefined for Unigram, which has none. The text is cut at added tokens before the encoder
 * sees it; in a corpus they are only text.
 *
 * @throws {Error} when kitoken cannot use the model.
 */
export function openKitoken(json: TokenizerJson): Kitoken | undefined {
  const { model } = json;
  if (model.type === "Unigram") return undefined;
  const inModel = json.added_tokens.filter(({ content }) => Object.hasOwn(model.vocab, content))
    .map((token) => ({ ...token, special: true }));
  return Kitoken.from_tokenizers(
    new TextEncoder().encode(JSON.stringify(withoutPrefixSpace({ ...json, added_tokens: inModel }))),
  );
}

/**
 * Where a word ends that the model encodes by itself: GPT-2's words, where kitoken 0.10 is wrong about contractions after other
 * white space than a space (`\n't`); BERT's, which never reach over spaces and punctuation. Undefined for other rules.
 */
function independentWords(
  { normalizer, pre_tokenizer: step }: TokenizerJson,
): ((text: string, start: number) => number) | undefined {
  const [only, ...more] = pipelineSteps(step);
  if (only === undefined || more.length > 0) return undefined;
  if (only.type === "ByteLevel") return only.use_regex === false ? undefined : gpt2WordEnd;
  if (only.type !== "BertPreTokenizer") return undefined;
  const ideographs = normalizer?.type === "BertNormalizer" && normalizer.handle_chinese_chars !== false;
  return (text, start) => bertPieceEnd(text, start, ideographs);
}

/** The same tokenizer where the caller alone decides about the space before the first word. */
function withoutPrefixSpace(json: TokenizerJson): TokenizerJson {
  const change = (step: PipelineStep): PipelineStep => {
    if (step.type === "ByteLevel") return { ...step, add_prefix_space: false };
    return Array.isArray(step.pretokenizers)
      ? { ...step, pretokenizers: step.pretokenizers.map(change) }
      : step;
  };
  return json.pre_tokenizer === null ? json : { ...json, pre_tokenizer: change(json.pre_tokenizer) };
}
