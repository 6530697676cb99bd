/** What is fetched of a repository: all that a model is opened from, or its tokenizer only. */
export type FetchedPart = "model" | "tokenizer";

/** Files that a tokenizer can consist of. */
export const TOKENIZER_FILES: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "sentencepiece.bpe.model",
  "spiece.model",
  "tokenizer.model",
];

/** Vocabularies that a tokenizer can be made of; of a group in brackets all are needed. */
const VOCABULARIES: readonly (readonly string[])[] = [
  ["tokenizer.json"],
  ["vocab.txt"],
  ["vocab.json", "merges.txt"],
  ["sentencepiece.bpe.model"],
  ["spiece.model"],
  ["tokenizer.model"],
];

const MODEL_FILES: readonly string[] = [
  "config.json",
  ...TOKENIZER_FILES,
  "entity_vocab.json",
  "entity_vocab.jsonl",
  "entity_vocab.tsv",
  "metadata.json",
];

/** The weights, the preferred ones first: the order of transformers. An index names the shards beside it. */
export const WEIGHT_FILES: readonly string[] = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];

/**
 * Which of the files `names` of a repository are fetched, without the shards that an index names. Other frameworks' weights and the
 * state of a training are left.
 */
export function neededFiles(names: Iterable<string>, part: FetchedPart): string[] {
  const there = new Set(names);
  const wanted = part === "tokenizer" ? ["config.json", ...TOKENIZER_FILES] : MODEL_FILES;
  const weights = part === "model" ? WEIGHT_FILES.find((name) => there.has(name)) : undefined;
  return [...wanted.filter((name) => there.has(name)), ...(weights === undefined ? [] : [weights])];
}

/** What `names` lack to be opened as `part`, in words; undefined when nothing is lacking. */
export function lackingFiles(names: ReadonlySet<string>, part: FetchedPart): string | undefined {
  if (part === "tokenizer") {
    return VOCABULARIES.some((group) => group.every((name) => names.has(name)))
      ? undefined
      : "tokenizer.json, vocab.txt, vocab.json with merges.txt, or sentencepiece.bpe.model";
  }
  if (!names.has("config.json")) return "config.json";
  return WEIGHT_FILES.some((name) => names.has(name)) ? undefined : "model.safetensors or pytorch_model.bin";
}

/**
 * The shards that the text of a weight index names; undefined when it is no index, or a name in it leads out of its directory.
 */
export function shardNames(index: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(index);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("weight_map" in value)) return undefined;
  const map = value.weight_map;
  if (typeof map !== "object" || map === null) return undefined;
  const names = [...new Set(Object.values(map) as unknown[])];
  const isFileName = (name: unknown): name is string =>
    typeof name === "string" && /^[\w][\w.-]*$/.test(name);
  return names.every(isFileName) ? names : undefined;
}
