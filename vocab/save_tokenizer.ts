import { join } from "node:path";
import { writeFileAtomic } from "@lukeforge/corpus";
import type { SpecialTokens, TokenizerModelType } from "./tokenizer.ts";
import type { TokenizerJson, WordPieceModel } from "./tokenizer_json.ts";

/** What a tokenizer's files hold. */
export interface SavedTokenizer {
  /** The whole tokenizer, added tokens included. */
  readonly json: TokenizerJson;
  /** Special tokens by role. */
  readonly specials: SpecialTokens;
  /** What `tokenizer_config.json` held when the tokenizer was opened. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The kind. */
  readonly modelType: TokenizerModelType;
  /** The bytes of `sentencepiece.bpe.model`, where the tokenizer came with one. */
  readonly sentencePieceModel: Uint8Array | undefined;
}

/** Writes the files of a tokenizer into a directory that exists, for transformers 4 and 5, slow and fast classes. */
export function saveTokenizer(
  directory: string,
  { json, specials, config, modelType, sentencePieceModel }: SavedTokenizer,
): void {
  const { pad, unk, cls, sep, mask } = specials;
  const byRole = { pad_token: pad, unk_token: unk, cls_token: cls, sep_token: sep, mask_token: mask };
  const roles = modelType === "bert" ? byRole : { bos_token: cls, eos_token: sep, ...byRole };
  const write = (name: string, value: unknown): void => {
    writeFileAtomic(join(directory, name), JSON.stringify(value, null, 2) + "\n");
  };
  const further = json.added_tokens.filter(({ content, special }) =>
    special && !Object.values(specials).includes(content)
  )
    .map(({ content }) => content);
  write("special_tokens_map.json", {
    ...roles,
    ...(further.length > 0 ? { additional_special_tokens: further } : {}),
  });
  // transformers 4 wants an object where transformers 5 writes a list; both take the older name.
  const { extra_special_tokens: extra, ...settings } = config;
  write("tokenizer_config.json", {
    ...classSettings(json, modelType),
    ...settings,
    ...(Array.isArray(extra) && further.length > 0 ? { additional_special_tokens: further } : {}),
    ...roles,
    added_tokens_decoder: Object.fromEntries(json.added_tokens.map(({ id, ...token }) => [id, token])),
  });
  const { model } = json;
  if (model.type === "BPE") {
    const merges = model.merges.map((merge) => typeof merge === "string" ? merge : merge.join(" "));
    writeFileAtomic(join(directory, "vocab.json"), JSON.stringify(model.vocab));
    writeFileAtomic(join(directory, "merges.txt"), ["#version: 0.2", ...merges, ""].join("\n"));
  } else if (model.type === "WordPiece") {
    writeFileAtomic(join(directory, "vocab.txt"), vocabTxt(model));
  } else if (sentencePieceModel !== undefined) {
    writeFileAtomic(join(directory, "sentencepiece.bpe.model"), sentencePieceModel);
  }
  writeFileAtomic(join(directory, "tokenizer.json"), JSON.stringify(json));
}

/** A token a line, its id the line's index; ids without a token are empty lines. */
function vocabTxt(model: WordPieceModel): string {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  return Array.from(tokens, (token) => `${token ?? ""}\n`).join("");
}

function classSettings(
  { normalizer }: TokenizerJson,
  modelType: TokenizerModelType,
): Record<string, unknown> {
  if (modelType === "roberta") {
    return { tokenizer_class: "RobertaTokenizer", add_prefix_space: false, model_max_length: 512 };
  }
  if (modelType === "xlm-roberta") return { tokenizer_class: "XLMRobertaTokenizer", model_max_length: 512 };
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: normalizer?.lowercase === true,
    strip_accents: typeof normalizer?.strip_accents === "boolean" ? normalizer.strip_accents : null,
    tokenize_chinese_chars: normalizer?.handle_chinese_chars !== false,
    model_max_length: 512,
  };
}
