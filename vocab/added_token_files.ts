import { UserError } from "@lukeforge/corpus";
import { type AddedToken, modelTokens, type TokenizerJson } from "./tokenizer_json.ts";

type JsonObject = Record<string, unknown>;

/** The files beside a vocabulary that add tokens to it. */
export interface AddedTokenFiles {
  /** The vocabulary file, for messages. */
  readonly source: string;
  /** `tokenizer_config.json`; empty where there is none. */
  readonly config: JsonObject;
  /** `special_tokens_map.json`. */
  readonly specialTokensMap: JsonObject;
  /** `added_tokens.json`: token to id. */
  readonly addedTokens: JsonObject;
}

/**
 * A tokenizer with all tokens that its directory adds: `added_tokens.json`, `added_tokens_decoder` and
 * `additional_special_tokens` (or `extra_special_tokens`) of the configuration, and the entity markers `<ent>` and `<ent2>` of
 * `LukeTokenizer` and `MLukeTokenizer`. Tokens without an id get the next free ones, in this order, as in transformers. Where
 * the files differ about a token's settings, `tokenizer_config.json` is right.
 *
 * @throws {UserError} when an entry is malformed or its id contradicts another file's.
 */
export function withAddedTokens<Json extends TokenizerJson>(json: Json, files: AddedTokenFiles): Json {
  const { source, config, specialTokensMap } = files;
  const vocab = new Map(modelTokens(json.model));
  const tokens = new Map(json.added_tokens.map((token) => [token.content, token]));
  const add = (token: AddedToken, place: string): void => {
    const known = tokens.get(token.content)?.id ??
      vocab.get(token.content);
    if (known !== undefined && known !== token.id) {
      throw new UserError(
        `${source}: ${place} gives ${
          JSON.stringify(token.content)
        } the id ${token.id}, the vocabulary ${known}; copy both files from one model`,
      );
    }
    tokens.set(token.content, token);
  };

  for (const [content, id] of Object.entries(files.addedTokens)) {
    if (typeof id !== "number") {
      throw new UserError(`${source}: added_tokens.json must map tokens to ids; replace it`);
    }
    const known = tokens.get(content) ?? plainToken(content, id, isMarker(content));
    add({ ...known, id }, "added_tokens.json");
  }
  for (
    const [id, value] of Object.entries(
      isObject(config.added_tokens_decoder) ? config.added_tokens_decoder : {},
    )
  ) {
    if (!isObject(value) || typeof value.content !== "string") {
      throw new UserError(
        `${source}: added_tokens_decoder of tokenizer_config.json has no content for the id ${id}; replace the file`,
      );
    }
    add(addedToken(value, value.content, Number(id)), "tokenizer_config.json");
  }
  let next = 0;
  for (const id of vocab.values()) next = Math.max(next, id + 1);
  for (const { id } of tokens.values()) next = Math.max(next, id + 1);
  for (const value of [...furtherTokens(config), ...furtherTokens(specialTokensMap), ...markers(config)]) {
    const content = isObject(value) ? value.content : value;
    if (typeof content !== "string" || content === "" || tokens.has(content)) continue;
    const id = vocab.get(content) ?? next++;
    tokens.set(
      content,
      addedToken(isObject(value) ? { special: true, ...value } : { special: true }, content, id),
    );
  }
  return { ...json, added_tokens: [...tokens.values()].sort((a, b) => a.id - b.id) };
}

function furtherTokens(settings: JsonObject): unknown[] {
  return ["additional_special_tokens", "extra_special_tokens"].flatMap((key) => {
    const value = settings[key];
    return Array.isArray(value) ? value : [];
  });
}

/** The tokens that LUKE's tokenizers have whether the files name them or not. */
function markers({ tokenizer_class, entity_token_1, entity_token_2 }: JsonObject): unknown[] {
  return tokenizer_class === "LukeTokenizer" || tokenizer_class === "MLukeTokenizer"
    ? [entity_token_1 ?? "<ent>", entity_token_2 ?? "<ent2>"]
    : [];
}

/** `added_tokens.json` does not say which tokens are special: those spelled like one. */
function isMarker(content: string): boolean {
  return /^<.*>$|^\[.*\]$/.test(content);
}

function plainToken(content: string, id: number, special: boolean): AddedToken {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** An added token as files have it; what they leave out is false. */
export function addedToken(value: JsonObject, content: string, id: number): AddedToken {
  const { single_word, lstrip, rstrip, normalized, special } = value;
  return {
    id,
    content,
    single_word: single_word === true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
    normalized: normalized === true,
    special: special === true,
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
