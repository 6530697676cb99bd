import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { addedToken, withAddedTokens } from "./added_token_files.ts";
import { tokenizerFromJson } from "./kitoken_tokenizer.ts";
import { readSentencePieceModel } from "./sentence_piece_model.ts";
import { textLines } from "./text_lines.ts";
import type { SpecialTokens, Tokenizer } from "./tokenizer.ts";
import {
  type AddedToken,
  BERT_SPECIAL_TOKENS,
  byteLevelBpeTokenizerJson,
  type PipelineStep,
  ROBERTA_SPECIAL_TOKENS,
  type TokenizerJson,
  type TokenizerModel,
  unigramTokenizerJson,
  wordPieceTokenizerJson,
} from "./tokenizer_json.ts";

type JsonObject = Record<string, unknown>;

/**
 * Opens a tokenizer: a `tokenizer.json`; a BERT `vocab.txt`; a RoBERTa `vocab.json` with its `merges.txt`;
 * an XLM-RoBERTa `sentencepiece.bpe.model`; or a directory that
 * holds one of these, looked for in this order. `tokenizer_config.json` and `special_tokens_map.json` beside it name
 * the special tokens, `do_lower_case` the case of a `vocab.txt` (without it, a vocabulary with ASCII capitals is cased); these
 * and `added_tokens.json` name tokens beyond the vocabulary, such as LUKE's `<ent>`. The tokenizer classes of BERT, RoBERTa, XLM-RoBERTa,
 * LUKE and mLUKE open, slow and fast.
 *
 * @throws {UserError} when there is no such file, it is malformed, of another kind, or lacks special tokens.
 */
// deno-lint-ignore require-await -- callers await: an encoder may need loading
export async function openTokenizer(path: string): Promise<Tokenizer> {
  const file = tokenizerFile(path);
  const directory = dirname(file);
  const config = readOptional(join(directory, "tokenizer_config.json"));
  const specialTokensMap = readOptional(join(directory, "special_tokens_map.json"));
  const specials = namedSpecials({ ...config, ...specialTokensMap });
  const json = withAddedTokens(readTokenizerJson(file, config, specials), {
    source: file,
    config,
    specialTokensMap,
    addedTokens: readOptional(join(directory, "added_tokens.json")),
  });
  const sentencePiece = join(directory, SENTENCE_PIECE_FILE);
  return tokenizerFromJson(json, {
    specials,
    config,
    source: file,
    sentencePieceModel: json.model.type === "Unigram" && isFile(sentencePiece)
      ? readFileSync(sentencePiece)
      : undefined,
  });
}

const SENTENCE_PIECE_FILE = "sentencepiece.bpe.model";

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function readTokenizerJson(
  file: string,
  config: JsonObject,
  specials: Partial<SpecialTokens>,
): TokenizerJson {
  if (file.endsWith(".txt")) return readVocabTxt(file, config, { ...BERT_SPECIAL_TOKENS, ...specials });
  if (file.endsWith(".model")) return readSentencePiece(file, { ...ROBERTA_SPECIAL_TOKENS, ...specials });
  const json = readObject(file);
  if (file.endsWith("tokenizer.json") || typeof json.model === "object") {
    return checkedTokenizerJson(json, file);
  }
  return byteLevelBpeTokenizerJson(checkedVocab(json, file), readMerges(join(dirname(file), "merges.txt")), {
    ...ROBERTA_SPECIAL_TOKENS,
    ...specials,
  });
}

function tokenizerFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`${path}: no such tokenizer; check the path`);
  if (!stat.isDirectory()) return path.endsWith("merges.txt") ? join(dirname(path), "vocab.json") : path;
  for (const name of ["tokenizer.json", "vocab.txt", "vocab.json", SENTENCE_PIECE_FILE]) {
    const file = join(path, name);
    if (isFile(file)) return file;
  }
  throw new UserError(
    `${path}: holds no tokenizer.json, vocab.txt, vocab.json with merges.txt or ${SENTENCE_PIECE_FILE}; copy one of them there`,
  );
}

function readObject(file: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`${file}: cannot be read as JSON (${(error as Error).message}); replace the file`);
  }
  if (!isObject(value)) throw new UserError(`${file}: expected a JSON object; replace the file`);
  return value;
}

function readOptional(file: string): JsonObject {
  return isFile(file) ? readObject(file) : {};
}

/** Special tokens by role from `pad_token`, `cls_token`, …: strings, or objects with their `content`. */
function namedSpecials(settings: JsonObject): Partial<SpecialTokens> {
  const roles = ["pad", "unk", "cls", "sep", "mask"] as const;
  const named: Partial<Record<typeof roles[number], string>> = {};
  for (const role of roles) {
    const value = settings[`${role}_token`];
    const content = isObject(value) ? value.content : value;
    if (typeof content === "string") named[role] = content;
  }
  return named;
}

function readVocabTxt(file: string, config: JsonObject, specials: SpecialTokens): TokenizerJson {
  const tokens = [...textLines(file)];
  const lineOf = new Map<string, number>();
  for (const [i, token] of tokens.entries()) {
    const earlier = lineOf.get(token);
    if (earlier !== undefined) {
      throw new UserError(
        `${file}, line ${i + 1}: repeats the token ${
          JSON.stringify(token)
        } of line ${earlier}; give it an unused name such as [unused${i}]`,
      );
    }
    lineOf.set(token, i + 1);
  }
  const isCased = (token: string): boolean => /[A-Z]/.test(token) && !/^\[.*\]$/.test(token);
  const lowercase = typeof config.do_lower_case === "boolean" ? config.do_lower_case : !tokens.some(isCased);
  return wordPieceTokenizerJson(tokens, lowercase, specials);
}

/**
 * SentencePiece's ids become fairseq's, which XLM-RoBERTa has: `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, each other piece one more
 * than SentencePiece gives it, `<mask>` last.
 */
function readSentencePiece(file: string, specials: SpecialTokens): TokenizerJson {
  const { pieces, precompiledCharsmap } = readSentencePieceModel(readFileSync(file), file);
  const { cls, pad, sep, unk, mask } = specials;
  if (pieces[0]?.type !== "unknown" || pieces[1]?.type !== "control" || pieces[2]?.type !== "control") {
    throw new UserError(
      `${file}: starts with other pieces than <unk>, <s>, </s>; use the tokenizer of an XLM-RoBERTa or mLUKE model`,
    );
  }
  const vocab: [string, number][] = [cls, pad, sep, unk].map((token) => [token, 0]);
  for (const { piece, score } of pieces.slice(3)) vocab.push([piece, score]);
  vocab.push([mask, 0]);
  return unigramTokenizerJson(vocab, precompiledCharsmap, specials);
}

function readMerges(file: string): string[] {
  const merges: string[] = [];
  let number = 0;
  for (const line of textLines(file)) {
    number++;
    if (line === "" || number === 1 && line.startsWith("#version")) continue;
    if (line.split(" ").length !== 2) {
      throw new UserError(
        `${file}, line ${number}: expected two tokens with a space between; correct the line`,
      );
    }
    merges.push(line);
  }
  return merges;
}

function checkedVocab(vocab: unknown, file: string): Record<string, number> {
  const isVocab = (value: unknown): value is Record<string, number> =>
    isObject(value) && Object.values(value).every((id) => typeof id === "number");
  if (!isVocab(vocab)) {
    throw new UserError(`${file}: the vocabulary must map tokens to ids; replace the file`);
  }
  return vocab;
}

/** Takes what the program relies on; fills in what older files leave out. */
function checkedTokenizerJson(json: JsonObject, file: string): TokenizerJson {
  const added = Array.isArray(json.added_tokens) ? json.added_tokens : [];
  if (!added.every(isAddedToken)) {
    throw new UserError(`${file}: added_tokens must have an id and a content; replace the file`);
  }
  return {
    ...json,
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map((token) => addedToken(token, token.content, token.id)),
    normalizer: step(json.normalizer, file),
    pre_tokenizer: step(json.pre_tokenizer, file),
    post_processor: step(json.post_processor, file),
    decoder: step(json.decoder, file),
    model: checkedModel(json.model, file),
  };
}

function checkedModel(model: unknown, file: string): TokenizerModel {
  if (isObject(model) && Array.isArray(model.vocab)) {
    const { vocab, unk_id } = model;
    const isPiece = (value: unknown): value is [string, number] =>
      Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "number";
    if (!vocab.every(isPiece) || typeof unk_id !== "number" || vocab[unk_id] === undefined) {
      throw new UserError(
        `${file}: a Unigram model needs pieces with scores, and an unk_id; replace the file`,
      );
    }
    if (model.byte_fallback === true) {
      throw new UserError(
        `${file}: spells unknown characters in bytes (byte_fallback); use the tokenizer of an XLM-RoBERTa or mLUKE model`,
      );
    }
    return { type: "Unigram", unk_id, vocab, byte_fallback: false };
  }
  if (!isObject(model) || !isObject(model.vocab)) {
    throw new UserError(
      `${file}: has no WordPiece, BPE or Unigram model; use a BERT, RoBERTa or XLM-RoBERTa tokenizer`,
    );
  }
  const type = Array.isArray(model.merges) ? "BPE" : "WordPiece";
  return { ...model, type, vocab: checkedVocab(model.vocab, file) } as TokenizerModel;
}

function step(value: unknown, file: string): PipelineStep | null {
  if (value === null || value === undefined) return null;
  if (isObject(value) && typeof value.type === "string") return { ...value, type: value.type };
  throw new UserError(`${file}: a pipeline step has no type; replace the file`);
}

type NamedToken = JsonObject & Pick<AddedToken, "id" | "content">;

function isAddedToken(value: unknown): value is NamedToken {
  return isObject(value) && Number.isInteger(value.id) && typeof value.content === "string";
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
