import assert from "node:assert/strict";
import type { DatasetMetadata } from "@lukeforge/train";
import { SAMPLE_DEFAULTS } from "./pretrain_defaults.ts";
import type { Results } from "./results.ts";
import { runFacts } from "./run_facts.ts";

const dataset: DatasetMetadata = {
  number_of_items: 10,
  max_seq_length: 32,
  max_entity_length: 16,
  max_mention_length: 8,
  min_sentence_length: 5,
  tokenizer_class: "BertTokenizer",
  language: "is",
  format: "lukeforge-dataset-2",
  longest_item: 30,
  most_entities: 4,
  longest_mention: 8,
  total_words: 1000,
  total_entities: 50,
  vocab_size: 100,
  entity_vocab_size: 20,
  shards: [],
  files: {},
  metadata_sha256: "",
  provenance: { pages_db: { dump_file: "/data/iswiki.xml.bz2" } },
  counts: {
    pages: 3,
    links: 0,
    linksInVocabulary: 0,
    itemsWithoutEntitiesDropped: 0,
    sentences: 0,
    shortSentencesDropped: 0,
    longSentencesDropped: 0,
    longSentencesSplit: 0,
    boundariesMoved: 0,
  },
};
const results: Results = {
  masked_lm_loss: 5.0881,
  unigram_loss: 6.2,
  masked_entity_accuracy: 0.951,
  most_frequent_entity_accuracy: null,
  tokens_per_second: 1,
  data_wait_share: 0.01,
  real_token_share: 0.6,
  parameters: 2,
  device: "cpu",
  seconds: 3,
  steps: 3000,
  masked_lm_accuracy: null,
  masked_entity_loss: null,
  masked_words: 0,
  masked_entities: 0,
};

Deno.test("runFacts() tells corpus and training, without paths, and how the run ended when it has", () => {
  const begun = runFacts({ settings: SAMPLE_DEFAULTS, datasets: [dataset] });
  assert.deepEqual([begun.corpus, begun.language, begun.pages, begun["training words"]], [
    "iswiki.xml.bz2",
    "is",
    3,
    1000,
  ]);
  assert.equal("held-out masked-word loss" in begun, false);
  const ended = runFacts({ settings: SAMPLE_DEFAULTS, datasets: [dataset], results });
  assert.deepEqual(
    [ended.steps, ended["held-out masked-word loss"], ended["held-out masked-entity accuracy"]],
    [3000, "5.088 nats", "95.1 %"],
  );
  assert.equal("of the most frequent entity" in ended, false);
});

Deno.test("runFacts() of words alone tells nothing of entities, and only of whole words that were known", () => {
  const facts = (changes: Partial<DatasetMetadata>, settings = {}): Record<string, string | number> =>
    runFacts({
      settings: { ...SAMPLE_DEFAULTS, ...settings },
      datasets: [{ ...dataset, ...changes }, { ...dataset, ...changes }],
    });
  const namesEntities = (of: Record<string, string | number>): boolean =>
    Object.keys(of).some((name) => /entit|mention/.test(name));
  assert.equal(namesEntities(facts({})), true);
  assert.equal(namesEntities(facts({}, { wordOnlyTraining: true })), false);
  assert.equal(namesEntities(facts({ total_entities: 0 })), false);
  const xlmR = { tokenizer_class: "XLMRobertaTokenizer" };
  for (
    const [expected, changes, settings] of [
      ["0.15, whole words", {}, {}],
      ["0.15", {}, { wholeWordMasking: false }],
      ["0.15", xlmR, {}],
      ["0.15, whole words", xlmR, { xlmRWholeWords: true }],
      ["0.15, as Hugging Face's collator", xlmR, { masking: "huggingface" }],
      ["0", {}, { maskedLmProb: 0 }],
    ] as const
  ) {
    assert.equal(facts(changes, settings)["masked words"], expected);
  }
});
