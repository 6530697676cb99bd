import { join } from "node:path";
import { Kitoken } from "kitoken";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { byteLevelBytes } from "./byte_level.ts";
import { isByteLevelSubword, isWordPieceSubword } from "./subword.ts";
import type { SpecialTokens, Tokenizer } from "./tokenizer.ts";
import {
  BERT_SPECIAL_TOKENS,
  type BpeModel,
  type PipelineStep,
  ROBERTA_SPECIAL_TOKENS,
  type TokenizerJson,
  type WordPieceModel,
} from "./tokenizer_json.ts";

/** White space as Python's `\s` has it, which upstream collapses: U+001C–U+001F and U+0085 too, U+FEFF not. */
// deno-lint-ignore no-control-regex
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** What stands beside a `tokenizer.json`. */
export interface TokenizerSettings {
  /** Special tokens that differ from the usual ones of the kind. */
  readonly specials?: Partial<SpecialTokens>;
  /** Contents of a `tokenizer_config.json`, kept when the tokenizer is saved. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What messages name: the file. */
  readonly source?: string;
}

/**
 * A tokenizer over the contents of a `tokenizer.json` with a WordPiece (`##`) or a byte-level BPE model.
 *
 * @throws {UserError} when the model is of another kind, two tokens share an id, or the vocabulary lacks one of the five special
 * tokens.
 */
export function tokenizerFromJson(json: TokenizerJson, settings: TokenizerSettings = {}): Tokenizer {
  return new KitokenTokenizer(json, settings);
}

class KitokenTokenizer implements Tokenizer {
  readonly modelType: "bert" | "roberta";
  readonly vocabSize: number;
  readonly padId: number;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly maskId: number;

  readonly #json: TokenizerJson;
  readonly #specials: SpecialTokens;
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #encoder: Kitoken;
  readonly #tokens: (string | undefined)[] = [];
  readonly #isAdded: Uint8Array;
  readonly #isSubword: Uint8Array;

  constructor(json: TokenizerJson, { specials = {}, config = {}, source = "tokenizer" }: TokenizerSettings) {
    const family = familyOf(json, source);
    const ids = new Map(Object.entries(json.model.vocab));
    for (const { id, content } of json.added_tokens) ids.set(content, id);
    for (const [token, id] of ids) {
      checkId(token, id, this.#tokens[id], source);
      this.#tokens[id] = token;
    }

    this.#json = json;
    this.#config = config;
    this.#specials = findSpecials(ids, {
      ...(family === "bert" ? BERT_SPECIAL_TOKENS : ROBERTA_SPECIAL_TOKENS),
      ...specials,
    }, source);
    const idOf = (token: string): number => ids.get(token) ?? 0;
    this.modelType = family;
    this.vocabSize = this.#tokens.length;
    this.padId = idOf(this.#specials.pad);
    this.unkId = idOf(this.#specials.unk);
    this.clsId = idOf(this.#specials.cls);
    this.sepId = idOf(this.#specials.sep);
    this.maskId = idOf(this.#specials.mask);

    const isSubword = family === "bert" ? isWordPieceSubword : isByteLevelSubword;
    this.#isSubword = Uint8Array.from(
      this.#tokens,
      (token) => token !== undefined && isSubword(token) ? 1 : 0,
    );
    this.#isAdded = new Uint8Array(this.vocabSize);
    for (const { id } of json.added_tokens) this.#isAdded[id] = 1;
    try {
      this.#encoder = Kitoken.from_tokenizers(
        new TextEncoder().encode(JSON.stringify(withoutPrefixSpace(json))),
      );
    } catch (error) {
      throw new UserError(
        `${source}: the encoder refuses this tokenizer.json (${
          String(error)
        }); save it again with a current version of Hugging Face tokenizers`,
      );
    }
  }

  encodeSegment(text: string, prefixSpace: boolean): number[] {
    const collapsed = text.replace(WHITE_SPACE, " ");
    const segment = collapsed.endsWith(" ") ? collapsed.slice(0, -1) : collapsed;
    if (segment === "") return [];
    const spaced = this.modelType === "roberta" && prefixSpace && !segment.startsWith(" ")
      ? ` ${segment}`
      : segment;
    return Array.from(this.#encoder.encode(spaced, false));
  }

  token(id: number): string {
    const token = this.#tokens[id];
    if (token === undefined) {
      throw new RangeError(`no token has id ${id} (vocabulary size ${this.vocabSize})`);
    }
    return token;
  }

  decode(ids: Iterable<number>): string {
    return this.modelType === "bert" ? this.#decodeWordPiece(ids) : this.#decodeByteLevel(ids);
  }

  isSubword(id: number): boolean {
    return this.#isSubword[id] === 1;
  }

  save(directory: string): void {
    const { pad, unk, cls, sep, mask } = this.#specials;
    const specials = { pad_token: pad, unk_token: unk, cls_token: cls, sep_token: sep, mask_token: mask };
    const roles = this.modelType === "bert" ? specials : { bos_token: cls, eos_token: sep, ...specials };
    const write = (name: string, value: unknown): void => {
      writeFileAtomic(join(directory, name), JSON.stringify(value, null, 2) + "\n");
    };
    write("special_tokens_map.json", roles);
    write("tokenizer_config.json", {
      ...classSettings(this.#json, this.modelType),
      ...this.#config,
      ...roles,
    });
    const { model } = this.#json;
    if (isBpe(model)) {
      const merges = model.merges.map((merge) => typeof merge === "string" ? merge : merge.join(" "));
      writeFileAtomic(join(directory, "vocab.json"), JSON.stringify(model.vocab));
      writeFileAtomic(join(directory, "merges.txt"), ["#version: 0.2", ...merges, ""].join("\n"));
    } else {
      writeFileAtomic(join(directory, "vocab.txt"), this.#tokens.map((token) => `${token ?? ""}\n`).join(""));
    }
    writeFileAtomic(join(directory, "tokenizer.json"), JSON.stringify(this.#json));
  }

  #decodeWordPiece(ids: Iterable<number>): string {
    let text = "";
    for (const id of ids) {
      const token = this.token(id);
      if (text === "") text = token;
      else text += isWordPieceSubword(token) ? token.slice(2) : ` ${token}`;
    }
    return text;
  }

  #decodeByteLevel(ids: Iterable<number>): string {
    let text = "";
    let spelling = "";
    const flush = (): void => {
      // A character may be spread over several tokens: only a whole run of them is UTF-8.
      text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(byteLevelBytes(spelling));
      spelling = "";
    };
    for (const id of ids) {
      if (this.#isAdded[id] === 1) {
        flush();
        text += this.token(id);
      } else {
        spelling += this.token(id);
      }
    }
    flush();
    return text;
  }
}

function isBpe(model: WordPieceModel | BpeModel): model is BpeModel {
  return "merges" in model;
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

function familyOf(json: TokenizerJson, source: string): "bert" | "roberta" {
  if (isBpe(json.model)) {
    if (steps(json.pre_tokenizer).some(({ type }) => type === "ByteLevel")) return "roberta";
  } else if (json.model.continuing_subword_prefix === "##") {
    return "bert";
  }
  throw new UserError(
    `${source}: neither WordPiece with "##" nor byte-level BPE; use a BERT or RoBERTa tokenizer`,
  );
}

function steps(step: PipelineStep | null): PipelineStep[] {
  if (step === null) return [];
  return step.type === "Sequence" && Array.isArray(step.pretokenizers)
    ? step.pretokenizers.flatMap(steps)
    : [step];
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

function classSettings({ normalizer }: TokenizerJson, family: "bert" | "roberta"): Record<string, unknown> {
  if (family === "roberta") {
    return { tokenizer_class: "RobertaTokenizer", add_prefix_space: false, model_max_length: 512 };
  }
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: normalizer?.lowercase === true,
    strip_accents: typeof normalizer?.strip_accents === "boolean" ? normalizer.strip_accents : null,
    tokenize_chinese_chars: normalizer?.handle_chinese_chars !== false,
    model_max_length: 512,
  };
}
