import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import type { RowRange } from "@lukeforge/model";
import type { Tokenizer } from "@lukeforge/vocab";

/** The tokenizers of LUKE in transformers: byte-level BPE, and SentencePiece. */
export const LUKE_TOKENIZER_CLASSES = ["LukeTokenizer", "MLukeTokenizer"] as const;

/** One of {@linkcode LUKE_TOKENIZER_CLASSES}. */
export type LukeTokenizerClass = typeof LUKE_TOKENIZER_CLASSES[number];

/** Words that mark mentions in fine-tuning, with the words whose rows they start from, as in upstream's converter. */
const ENTITY_MARKERS = [["<ent>", "@"], ["<ent2>", "#"]] as const;

/** What an export needs of a tokenizer. */
export type ExportedTokenizer =
  & Pick<
    Tokenizer,
    | "vocabSize"
    | "padId"
    | "unkId"
    | "clsId"
    | "sepId"
    | "modelType"
    | "encodeSegment"
    | "addedTokenId"
    | "save"
  >
  & { addedTokenId?(token: string): number | undefined };

/** The words of a LUKE as Hugging Face has them. */
export interface LukeWords {
  /** Rows of the network's word table, decoder and bias, in the order of the written ids. */
  readonly rows: readonly RowRange[];
  /** Ids of `<ent>` and `<ent2>`. */
  readonly markerIds: readonly number[];
}

/**
 * The word table of a network with rows for `<ent>` and `<ent2>`, where it has none: copies of the rows of `@` and `#`, at the next
 * ids that the tokenizer has not given (which a table longer than the tokenizer has already).
 *
 * @throws {UserError} when the tokenizer has more words than the network.
 */
export function lukeWords(tokenizer: ExportedTokenizer, vocabSize: number): LukeWords {
  let next = tokenizer.vocabSize;
  const markers = ENTITY_MARKERS.map(([marker, from]) => {
    const id = tokenizer.addedTokenId(marker);
    return { id: id ?? next++, isThere: id !== undefined && id < vocabSize, from };
  });
  const added = markers.filter(({ isThere }) => !isThere);
  const rows: RowRange[] = [];
  let at = 0;
  for (const { id, from } of added.toSorted((a, b) => a.id - b.id)) {
    if (id > Math.max(at, vocabSize)) throw otherTokenizer(tokenizer, vocabSize);
    if (at < Math.min(id, vocabSize)) rows.push([at, Math.min(id, vocabSize)]);
    rows.push(rowOfWord(tokenizer, from));
    at = id + 1;
  }
  if (at < vocabSize) rows.push([at, vocabSize]);
  if (tokenizer.vocabSize > Math.max(at, vocabSize)) throw otherTokenizer(tokenizer, vocabSize);
  return { rows, markerIds: markers.map(({ id }) => id) };
}

/** Accepts a tokenizer that has no more words than the network. @throws {UserError} when it has. */
export function checkTokenizer(tokenizer: ExportedTokenizer, vocabSize: number): void {
  if (tokenizer.vocabSize > vocabSize) throw otherTokenizer(tokenizer, vocabSize);
}

function otherTokenizer(tokenizer: ExportedTokenizer, vocabSize: number): UserError {
  return new UserError(
    `the network has ${vocabSize} words, the tokenizer ${tokenizer.vocabSize}; export with the tokenizer of the run`,
  );
}

/** The row of a word of one token; of the unknown one where it cannot be spelled in one, as transformers looks it up. */
function rowOfWord(tokenizer: ExportedTokenizer, word: string): RowRange {
  const ids = tokenizer.encodeSegment(word, false);
  const id = ids.length === 1 ? ids[0] ?? tokenizer.unkId : tokenizer.unkId;
  return [id, id + 1];
}

/** What the files of a LUKE's tokenizer say. */
export interface LukeTokenizerFiles {
  /** Default: the class of transformers that reads this kind of tokenizer with entities; `BertTokenizer` for WordPiece, which none does. */
  readonly tokenizerClass?: LukeTokenizerClass;
  /** Ids of `<ent>` and `<ent2>`. */
  readonly markerIds: readonly number[];
  /** Most entities of a text. */
  readonly maxEntityLength: number;
  /** Most words of a mention. */
  readonly maxMentionLength: number;
  /** Most words of a text, special ones included. */
  readonly modelMaxLength: number;
}

/**
 * Writes a LUKE's tokenizer: the files of `tokenizer`, with `<ent>` and `<ent2>` as special tokens and the settings of transformers'
 * LUKE tokenizers.
 *
 * @throws {UserError} when the class asked for does not read this kind of tokenizer.
 */
export function writeLukeTokenizer(
  directory: string,
  tokenizer: ExportedTokenizer,
  { tokenizerClass, markerIds, maxEntityLength, maxMentionLength, modelMaxLength }: LukeTokenizerFiles,
): void {
  const fitting = lukeTokenizerClass(tokenizer);
  if (tokenizerClass !== undefined && tokenizerClass !== fitting) {
    throw new UserError(
      `${tokenizerClass} does not read this tokenizer (${tokenizer.modelType}); ` +
        (fitting === undefined
          ? "transformers has no LUKE tokenizer for WordPiece: leave --tokenizer-class out, the directory opens as BertTokenizer"
          : `take --tokenizer-class ${fitting}`),
    );
  }
  tokenizer.save(directory);
  const [marker1, marker2] = ENTITY_MARKERS.map(([marker]) => marker);
  const settings = {
    content: "",
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  const markers = ENTITY_MARKERS.map(([content], i) => ({ ...settings, content, id: markerIds[i] ?? 0 }));
  change(directory, "tokenizer.json", (json) => ({
    ...json,
    added_tokens: withMarkers(json.added_tokens, markers),
  }));
  change(directory, "special_tokens_map.json", (json) => ({
    ...json,
    additional_special_tokens: [marker1, marker2],
  }));
  change(directory, "tokenizer_config.json", (json) => ({
    ...json,
    added_tokens_decoder: {
      ...(isObject(json.added_tokens_decoder) ? json.added_tokens_decoder : {}),
      ...Object.fromEntries(markers.map(({ id, ...token }) => [id, token])),
    },
    additional_special_tokens: [marker1, marker2],
    model_max_length: modelMaxLength,
    ...(fitting === undefined ? { tokenizer_class: "BertTokenizer" } : {
      tokenizer_class: fitting,
      task: null,
      max_entity_length: maxEntityLength,
      max_mention_length: maxMentionLength,
      entity_token_1: marker1,
      entity_token_2: marker2,
    }),
  }));
}

/** Writes the tokenizer of a network of words only. @param modelMaxLength most words of a text, special ones included. */
export function writeWordTokenizer(
  directory: string,
  tokenizer: ExportedTokenizer,
  modelMaxLength: number,
): void {
  const tokenizer_class = WORD_TOKENIZERS[tokenizer.modelType];
  tokenizer.save(directory);
  change(directory, "tokenizer_config.json", (json) => ({
    ...json,
    tokenizer_class,
    model_max_length: modelMaxLength,
  }));
}

const WORD_TOKENIZERS: Readonly<Record<string, string>> = {
  "bert": "BertTokenizer",
  "roberta": "RobertaTokenizer",
  "xlm-roberta": "XLMRobertaTokenizer",
};

function lukeTokenizerClass({ modelType }: ExportedTokenizer): LukeTokenizerClass | undefined {
  if (modelType === "bert") return undefined;
  return modelType === "roberta" ? "LukeTokenizer" : "MLukeTokenizer";
}

function withMarkers(tokens: unknown, markers: readonly { readonly content: string }[]): unknown[] {
  const isMarker = (token: unknown): boolean =>
    isObject(token) && markers.some(({ content }) => content === token.content);
  return [...(Array.isArray(tokens) ? tokens.filter((token) => !isMarker(token)) : []), ...markers];
}

/** Changes a JSON object in a file; nothing where there is no file. */
function change(
  directory: string,
  name: string,
  edit: (value: Record<string, unknown>) => Record<string, unknown>,
): void {
  const path = join(directory, name);
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isObject(value)) throw new TypeError(`${path} holds no JSON object`);
  const indent = name === "tokenizer.json" ? undefined : 2; // large, and nobody reads it
  writeFileAtomic(path, JSON.stringify(edit(value), null, indent) + "\n");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
