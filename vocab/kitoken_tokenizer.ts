import type { Kitoken } from "kitoken";
import { UserError } from "@lukeforge/corpus";
import { AddedTokenMatcher } from "./added_token_matcher.ts";
import { addToken, type AlignedTokens, noTokens } from "./aligned_tokens.ts";
import { cleanUpTokenization } from "./clean_up_tokenization.ts";
import { encodeText } from "./encode_text.ts";
import { openFamily, openKitoken } from "./open_family.ts";
import { saveTokenizer } from "./save_tokenizer.ts";
import { encodeSegment, type SegmentTokenizerData } from "./segment_tokenizer.ts";
import type { TokenFamily } from "./token_family.ts";
import type {
  DecodeOptions,
  EncodedText,
  EncodeTextOptions,
  SpecialTokens,
  Tokenizer,
  TokenizerModelType,
} from "./tokenizer.ts";
import {
  BERT_SPECIAL_TOKENS,
  modelTokens,
  pipelineSteps,
  ROBERTA_SPECIAL_TOKENS,
  type TokenizerJson,
} from "./tokenizer_json.ts";

/** What stands beside a `tokenizer.json`. */
export interface TokenizerSettings {
  /** Special tokens that differ from the usual ones of the kind. */
  readonly specials?: Partial<SpecialTokens>;
  /** Contents of a `tokenizer_config.json`, kept when the tokenizer is saved. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What messages name: the file. */
  readonly source?: string;
  /** The bytes of a `sentencepiece.bpe.model`, written again when the tokenizer is saved. */
  readonly sentencePieceModel?: Uint8Array | undefined;
}

/**
 * A tokenizer over the contents of a `tokenizer.json` with a WordPiece (`##`), a byte-level BPE or a Unigram model.
 *
 * @throws {UserError} when the model is of another kind, two tokens share an id, or the vocabulary lacks one of the five special
 * tokens.
 */
export function tokenizerFromJson(json: TokenizerJson, settings: TokenizerSettings = {}): Tokenizer {
  return new KitokenTokenizer(json, settings);
}

class KitokenTokenizer implements Tokenizer {
  readonly modelType: TokenizerModelType;
  readonly vocabSize: number;
  readonly padId: number;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly maskId: number;

  readonly #json: TokenizerJson;
  readonly #specials: SpecialTokens;
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #sentencePieceModel: Uint8Array | undefined;
  readonly #kitoken: Kitoken | undefined;
  readonly #family: TokenFamily;
  readonly #tokens: (string | undefined)[] = [];
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #matcher: AddedTokenMatcher;
  readonly #isSpecial: Uint8Array;
  readonly #isSubword: Uint8Array;

  constructor(json: TokenizerJson, settings: TokenizerSettings) {
    const { specials = {}, config = {}, source = "tokenizer" } = settings;
    const modelType = modelTypeOf(json, source);
    const ids = new Map(modelTokens(json.model));
    for (const { id, content } of json.added_tokens) {
      const known = ids.get(content);
      if (known !== undefined && known !== id) {
        throw new UserError(
          `${source}: the token ${
            JSON.stringify(content)
          } has the id ${known} and, added, ${id}; replace the file`,
        );
      }
      ids.set(content, id);
    }
    for (const [token, id] of ids) {
      checkId(token, id, this.#tokens[id], source);
      this.#tokens[id] = token;
    }

    this.#json = json;
    this.#config = config;
    this.#sentencePieceModel = settings.sentencePieceModel;
    this.#specials = findSpecials(ids, {
      ...(modelType === "bert" ? BERT_SPECIAL_TOKENS : ROBERTA_SPECIAL_TOKENS),
      ...specials,
    }, source);
    const idOf = (token: string): number => ids.get(token) ?? 0;
    this.modelType = modelType;
    this.vocabSize = this.#tokens.length;
    this.padId = idOf(this.#specials.pad);
    this.unkId = idOf(this.#specials.unk);
    this.clsId = idOf(this.#specials.cls);
    this.sepId = idOf(this.#specials.sep);
    this.maskId = idOf(this.#specials.mask);
    this.#addedIds = new Map([
      ...Object.values(this.#specials).map((token): [string, number] => [token, idOf(token)]),
      ...json.added_tokens.map(({ content, id }): [string, number] => [content, id]),
    ]);
    this.#matcher = new AddedTokenMatcher(json.added_tokens);
    this.#isSpecial = new Uint8Array(this.vocabSize);
    for (const { id, special } of json.added_tokens) this.#isSpecial[id] = special ? 1 : 0;
    for (const token of Object.values(this.#specials)) this.#isSpecial[idOf(token)] = 1;

    try {
      this.#kitoken = openKitoken(json);
      this.#family = openFamily(json, {
        kitoken: this.#kitoken,
        isSpecial: this.#isSpecial,
        tokenOf: (id) => this.token(id),
        addsPrefixSpace: addsPrefixSpace(json, config),
      });
    } catch (error) {
      throw new UserError(
        `${source}: this tokenizer.json cannot be used (${
          error instanceof Error ? error.message : String(error)
        }); save it again with a current version of Hugging Face tokenizers`,
      );
    }
    this.#isSubword = Uint8Array.from(
      this.#tokens,
      (token) => token !== undefined && this.#family.isSubword(token, false) ? 1 : 0,
    );
  }

  encodeSegment(text: string, prefixSpace: boolean): number[] {
    return encodeSegment(this.#family, text, prefixSpace);
  }

  encodeText(text: string, options: EncodeTextOptions = {}): EncodedText {
    return encodeText(text, (piece) => this.#encodePiece(piece), this, options);
  }

  addedTokenId(token: string): number | undefined {
    return this.#addedIds.get(token);
  }

  token(id: number): string {
    const token = this.#tokens[id];
    if (token === undefined) {
      throw new RangeError(`no token has id ${id} (vocabulary size ${this.vocabSize})`);
    }
    return token;
  }

  decode(ids: Iterable<number>, { skipSpecialTokens = false, cleanUp }: DecodeOptions = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.token(id);
      if (!skipSpecialTokens || this.#isSpecial[id] === 0) tokens.push(token);
    }
    const text = this.#family.decode(tokens);
    const isLuke = this.#config.tokenizer_class === "LukeTokenizer";
    const byDefault = this.#config.clean_up_tokenization_spaces ?? isLuke;
    return (cleanUp ?? byDefault === true) && (isLuke || this.modelType !== "roberta")
      ? cleanUpTokenization(text)
      : text;
  }

  isSubword(id: number, byMark = false): boolean {
    if (!byMark) return this.#isSubword[id] === 1;
    const token = this.#tokens[id];
    return token !== undefined && this.#isSpecial[id] !== 1 && this.#family.isSubword(token, true);
  }

  save(directory: string): void {
    saveTokenizer(directory, {
      json: this.#json,
      specials: this.#specials,
      config: this.#config,
      modelType: this.modelType,
      sentencePieceModel: this.#sentencePieceModel,
    });
  }

  segmentTokenizerData(): SegmentTokenizerData {
    const { model } = this.#json;
    return {
      json: {
        ...this.#json,
        model: model.type === "Unigram"
          ? model
          : { ...model, vocab: {}, ...(model.type === "BPE" && { merges: [] }) },
      },
      encoder: this.#kitoken?.to_bytes(),
      modelType: this.modelType,
      unkId: this.unkId,
      isSpecial: this.#isSpecial,
      isSubword: this.#isSubword,
    };
  }

  #encodePiece(piece: string): AlignedTokens {
    const tokens = noTokens();
    for (const { start, end, id } of this.#matcher.split(piece)) {
      if (id !== undefined) {
        const token = piece.slice(start, end);
        // Places of byte-level tokens are without spaces, also where an added token takes them.
        const spaces = this.modelType === "roberta" ? /^\p{White_Space}*/u.exec(token)?.[0].length ?? 0 : 0;
        addToken(tokens, id, start + spaces, end);
        continue;
      }
      const part = this.#family.align(piece.slice(start, end));
      part.ids.forEach((one, i) =>
        addToken(tokens, one, start + (part.starts[i] ?? 0), start + (part.ends[i] ?? 0))
      );
    }
    return tokens;
  }
}

/** As transformers: the configuration, else the pre-tokenizer. */
function addsPrefixSpace(json: TokenizerJson, config: Readonly<Record<string, unknown>>): boolean {
  if (typeof config.add_prefix_space === "boolean") return config.add_prefix_space;
  return pipelineSteps(json.pre_tokenizer).some(({ type, add_prefix_space }) =>
    type === "ByteLevel" && add_prefix_space === true
  );
}

/** Ids beyond are no word embedding table's. */
const MAX_ID = 2 ** 24;

function checkId(token: string, id: number, holder: string | undefined, source: string): void {
  if (!Number.isInteger(id) || id < 0 || id > MAX_ID) {
    throw new UserError(
      `${source}: the token ${
        JSON.stringify(token)
      } has the id ${id}, not one of 0 to ${MAX_ID}; replace the file`,
    );
  }
  if (holder !== undefined) {
    throw new UserError(
      `${source}: the tokens ${JSON.stringify(holder)} and ${
        JSON.stringify(token)
      } both have the id ${id}; replace the file`,
    );
  }
}

function modelTypeOf(
  { model, pre_tokenizer: preTokenizer }: TokenizerJson,
  source: string,
): TokenizerModelType {
  if (model.type === "Unigram") return "xlm-roberta";
  if (model.type === "BPE") {
    if (pipelineSteps(preTokenizer).some(({ type }) => type === "ByteLevel")) return "roberta";
  } else if (model.continuing_subword_prefix === "##") {
    return "bert";
  }
  throw new UserError(
    `${source}: neither WordPiece with "##" nor byte-level BPE nor Unigram; use a BERT, RoBERTa or XLM-RoBERTa tokenizer`,
  );
}

function findSpecials(
  ids: ReadonlyMap<string, number>,
  wanted: SpecialTokens,
  source: string,
): SpecialTokens {
  const missing = Object.entries(wanted).filter(([, token]) => !ids.has(token)).map(([role, token]) =>
    `${token} (${role}_token)`
  );
  if (missing.length > 0) {
    throw new UserError(
      `${source}: the vocabulary lacks ${
        missing.join(", ")
      }; add them to it, or name its own in special_tokens_map.json`,
    );
  }
  return wanted;
}
