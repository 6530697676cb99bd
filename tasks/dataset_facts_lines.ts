import type { DatasetFacts, EntityCoverage } from "./dataset_facts.ts";
import { type Distribution, histogramLines } from "./histogram.ts";
import { excerpt } from "./marked_text.ts";
import { bytesText } from "./memory_forecast.ts";
import { quantity } from "./progress.ts";

/** Characters of an example that are shown. */
const EXAMPLE_CHARACTERS = 600;

/** What is longer stays in `metadata.json`. */
const LONGEST_FACT = 100;

/** Facts of a page database that are told elsewhere, or tell a reader nothing. */
const UNTOLD = new Set([
  "case",
  "category_namespaces",
  "dump_files",
  "file_namespaces",
  "format",
  "language",
]);

/** The facts for people, a line each. */
export function datasetFactsLines(facts: DatasetFacts, seed: number): string[] {
  const {
    directory,
    bytes,
    metadata,
    wordsOfItem,
    entitiesOfItem,
    wordsOfMention,
    realWords,
    realWordsInGroups,
    examples,
  } = facts;
  const { number_of_items, total_words, total_entities } = metadata;
  const size = [
    counted(number_of_items, "item"),
    counted(total_words, "word"),
    total_entities === 1 ? "1 entity" : `${quantity(total_entities)} entities`,
  ];
  return [
    `${directory}: ${size.join(", ")}, ${bytesText(bytes)} in ${counted(metadata.shards, "shard")}`,
    `  language: ${metadata.language ?? "not named"}`,
    `  tokenizer: ${metadata.tokenizer_class}, ${quantity(metadata.vocab_size)} words; entity vocabulary: ${
      quantity(metadata.entity_vocab_size)
    } entities`,
    `  built for: items of ${metadata.max_seq_length} words with [CLS] and [SEP], ${metadata.max_entity_length} entities; ` +
    `mentions of ${metadata.max_mention_length} words; sentences of at least ${metadata.min_sentence_length}`,
    ...provenanceLines(metadata.provenance),
    ...distributionLines("words of an item", wordsOfItem),
    ...(total_entities === 0 ? [] : [
      ...distributionLines("entities of an item", entitiesOfItem),
      ...distributionLines("words of a mention", wordsOfMention),
    ]),
    `  real words in batches of items in random order: ${
      realWords.map(({ rows, share }) => `${rows} items ${(100 * share).toFixed(0)} %`).join(", ")
    }; with --group-by-length ${(100 * realWordsInGroups).toFixed(0)} %`,
    ...(total_entities === 0 ? ["  entities: none"] : coverageLines(facts.coverage, total_entities)),
    ...(examples.length === 0 ? [] : [`  examples (seed ${seed}):`]),
    ...examples.map((example) =>
      `    ${example.item}${example.page === null ? "" : ` (${example.page})`}: ${
        excerpt(example.text, example.firstMention ?? 0, EXAMPLE_CHARACTERS)
      }`
    ),
  ];
}

function counted(count: number, unit: string): string {
  return `${quantity(count)} ${unit}${count === 1 ? "" : "s"}`;
}

/** Where the data come from; what is not set or long is left out. */
function provenanceLines(provenance: Readonly<Record<string, unknown>>): string[] {
  const facts: string[] = [];
  for (const [name, value] of Object.entries(provenance)) {
    if (isRecord(value)) {
      for (const [inner, told] of Object.entries(value)) put(inner, told);
    } else put(name, value);
  }
  return facts.length === 0 ? [] : ["  made from:", ...facts];

  function put(name: string, value: unknown): void {
    if (value === null || value === false || value === "" || UNTOLD.has(name)) return;
    const told = typeof value === "string" ? value : JSON.stringify(value);
    if (told.length <= LONGEST_FACT && told !== "{}") facts.push(`    ${name}: ${told}`);
  }
}

function distributionLines(name: string, distribution: Distribution): string[] {
  const { total, mean, median, percentile90, max } = distribution;
  if (total === 0) return [`  ${name}: none`];
  return [
    `  ${name}: mean ${quantity(mean)}, median ${median}, nine tenths up to ${percentile90}, most ${max}`,
    ...histogramLines(distribution).map((line) => `    ${line}`),
  ];
}

function coverageLines(
  { vocabulary, occurring, once, unknown, links, itemsWithoutEntitiesDropped, top }: EntityCoverage,
  mentions: number,
): string[] {
  const lines = [
    `  entities of the vocabulary that occur: ${share(occurring, vocabulary)}, once ${quantity(once)}`,
  ];
  if (links !== null) {
    lines.push(`  links of the pages in the vocabulary: ${share(links.inVocabulary, links.all)}`);
  }
  lines.push(`  mentions of [UNK]: ${share(unknown, mentions)}`);
  if (itemsWithoutEntitiesDropped) {
    lines.push(`  left out for want of an entity: ${counted(itemsWithoutEntitiesDropped, "item")}`);
  }
  if (top.length > 0) lines.push("  most frequent entities:");
  for (const { id, title, mentions: count } of top) {
    lines.push(`  ${String(id).padStart(9)}  ${title}  ${share(count, mentions)}`);
  }
  return lines;
}

function share(part: number, whole: number): string {
  return `${quantity(part)} of ${quantity(whole)}${
    whole === 0 ? "" : ` (${(100 * part / whole).toFixed(1)} %)`
  }`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
