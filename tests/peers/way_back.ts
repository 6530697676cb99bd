/**
 * Writes one model of every kind that can be exported, with what our network says of a sentence, for `way_back.py`:
 *
 *     deno run -A tests/peers/way_back.ts OUT_DIR ROBERTA_TOKENIZER
 *
 * Networks are random with large weights, so that a row or a name out of place shows; `sample…` are runs of
 * `pretrain` on the built-in sample.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CpuDevice,
  type Device,
  floatTensor,
  type LukeBatch,
  type LukeConfig,
  LukeNetwork,
  lukeParameters,
  openModel,
  type StoredTensor,
  writeSafetensors,
} from "@lukeforge/model";
import {
  exportHuggingFace,
  exportWordModel,
  type HuggingFaceExport,
  type LukeExport,
} from "@lukeforge/train";
import {
  EntityVocab,
  openTokenizer,
  type Tokenizer,
  tokenizerFromJson,
  trainWordPiece,
} from "@lukeforge/vocab";
import { normalArray } from "../../model/random_normal.ts";
import { loadModel } from "../../model/hugging_face/load_model.ts";
import { runCommandLine } from "../../tasks/cli.ts";

const [outDirectory, robertaPath] = Deno.args;
if (outDirectory === undefined || robertaPath === undefined) {
  throw new Error("usage: way_back.ts OUT_DIR ROBERTA_TOKENIZER");
}

const SENTENCE = "Halvay lies in the sea, west of Anstrow.";
const MENTIONS: readonly (readonly [title: string, start: number, end: number])[] = [
  ["Halvay", 0, 6],
  ["Anstrow", 32, 39],
];
const MENTION_LENGTH = 30;

const device = await CpuDevice.create({ threads: 2 });
const roberta = await openTokenizer(robertaPath);
const xlmRobertaPath = new URL("../fixtures/tokenizers/xlm_roberta", import.meta.url).pathname;
const xlmRoberta = await openTokenizer(xlmRobertaPath);
const wordPiece = tokenizerFromJson(
  trainWordPiece([SENTENCE, "the sea @ the west # of the isle in the sea lies west"], { vocabSize: 90 }),
);

function configOf(tokenizer: Tokenizer, changes: Partial<LukeConfig> = {}): LukeConfig {
  const isBert = tokenizer.modelType === "bert";
  return {
    baseModelType: isBert ? "bert" : "roberta",
    vocabSize: tokenizer.vocabSize,
    entityVocabSize: 8,
    hiddenSize: 16,
    entityEmbSize: 8,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    intermediateSize: 32,
    maxPositionEmbeddings: 40,
    typeVocabSize: isBert ? 2 : 1,
    layerNormEps: isBert ? 1e-12 : 1e-5,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    initializerRange: 0.02,
    padTokenId: tokenizer.padId,
    useEntityAwareAttention: false,
    tieWordEmbeddings: true,
    ...changes,
  };
}

function randomTensors(config: LukeConfig): Map<string, StoredTensor> {
  return new Map(
    lukeParameters(config).map(({ name, shape, initial }, i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const values = normalArray(count, initial === "normal" ? 0.3 : 0.1, i);
      return [name, floatTensor(shape, initial === "ones" ? values.map((value) => value + 1) : values)];
    }),
  );
}

/** Three specials, the two entities of the sentence, and others. */
function vocabOf(
  language: string | null,
  more: readonly (readonly [string, string | null])[] = [],
): EntityVocab {
  const titles = ["[PAD]", "[UNK]", "[MASK]", "Halvay", "Anstrow", "1984", "Star Trek: Picard", '"Heroes"'];
  return new EntityVocab(titles.map((title, id) => ({
    id,
    entities: [[title, id < 3 ? null : language], ...(id === 3 ? more : [])] as [string, string | null][],
    count: 1,
  })));
}

function lukeOf(tokenizer: Tokenizer, changes: Partial<LukeConfig> = {}, vocab = vocabOf(null)): LukeExport {
  const config = configOf(tokenizer, changes);
  return { config, tensors: randomTensors(config), tokenizer, vocab };
}

function wordsOf(tokenizer: Tokenizer, changes: Partial<LukeConfig> = {}): HuggingFaceExport {
  const config = configOf(tokenizer, { entityVocabSize: 0, ...changes });
  return { config, tensors: randomTensors(config), tokenizer };
}

interface Case {
  readonly name: string;
  /** transformers' class of the model. */
  readonly model: string;
  readonly write: (directory: string) => Promise<void>;
  /** The network before it was written; undefined for runs. */
  readonly source?: HuggingFaceExport;
}

function luke(name: string, source: LukeExport): Case {
  return {
    name,
    model: "LukeForMaskedLM",
    source,
    write: (directory) => exportHuggingFace(directory, source),
  };
}

function words(name: string, source: HuggingFaceExport, model: Parameters<typeof exportWordModel>[2]): Case {
  return { name, model, source, write: (directory) => exportWordModel(directory, source, model) };
}

/** A run on the sample; its network is of words only where the class is not LUKE's. */
function sample(name: string, model: string, ...options: string[]): Case {
  const wordOnly = model === "LukeForMaskedLM" ? [] : ["--word-only-training"];
  const run = join(outDirectory ?? "", "runs", name);
  const shape = ["--hidden-size", "16", "--num-attention-heads", "2", "--intermediate-size", "32"];
  return {
    name,
    model,
    write: async (directory) => {
      const quiet = { progress: { redraws: false, columns: 80, write: () => {} }, line: () => {} };
      const args = [
        "pretrain",
        "--max-steps",
        "20",
        "--output-dir",
        run,
        "--device",
        "cpu",
        ...shape,
        ...wordOnly,
        ...options,
      ];
      const code = await runCommandLine(args, quiet, console.error);
      if (code !== undefined && code !== 0) throw new Error(`pretrain ended with ${code}`);
      rmSync(directory, { recursive: true, force: true });
      Deno.renameSync(join(run, "model"), directory);
    },
  };
}

const CASES: readonly Case[] = [
  sample("sample", "LukeForMaskedLM"),
  sample("sample-roberta", "LukeForMaskedLM", "--tokenizer", robertaPath),
  sample("sample-words", "BertForMaskedLM", "--pack"),
  sample("sample-words-roberta", "RobertaForMaskedLM", "--tokenizer", robertaPath, "--group-by-length"),
  sample(
    "sample-words-xlm-roberta",
    "XLMRobertaForMaskedLM",
    "--tokenizer",
    xlmRobertaPath,
    "--masking",
    "huggingface",
    "--max-seq-length",
    "64",
  ),
  luke("luke", lukeOf(roberta)),
  luke("luke-bert", lukeOf(wordPiece)),
  luke("luke-entity-aware", lukeOf(roberta, { useEntityAwareAttention: true })),
  luke("luke-entity-aware-copies", { ...lukeOf(roberta), useEntityAwareAttention: true }),
  luke("luke-bert-entity-aware", lukeOf(wordPiece, { useEntityAwareAttention: true })),
  luke("luke-one-language", lukeOf(roberta, {}, vocabOf("en"))),
  luke("luke-languages", lukeOf(roberta, {}, vocabOf("en", [["ハルヴェイ", "ja"], ["Halvay", "de"]]))),
  luke("mluke", lukeOf(xlmRoberta, {}, vocabOf("en", [["ハルヴェイ", "ja"], ["Halvay", "de"]]))),
  luke("mluke-lite", { ...lukeOf(xlmRoberta, {}, vocabOf("en")), removeEntityEmbeddings: true }),
  luke("luke-lite", { ...lukeOf(roberta), removeEntityEmbeddings: true }),
  luke("luke-untied", lukeOf(roberta, { tieWordEmbeddings: false })),
  luke("luke-same-width", lukeOf(roberta, { entityEmbSize: 16 })),
  luke("luke-f16", { ...lukeOf(roberta), dtype: "f16" }),
  luke("luke-bf16", { ...lukeOf(roberta), dtype: "bf16" }),
  luke("luke-shards", { ...lukeOf(roberta), maxShardSize: 1_000_000 }),
  words("bert", wordsOf(wordPiece), "BertForMaskedLM"),
  words("bert-untied", wordsOf(wordPiece, { tieWordEmbeddings: false }), "BertForMaskedLM"),
  words("bert-of-luke", lukeOf(wordPiece), "BertForMaskedLM"),
  words("roberta", wordsOf(roberta), "RobertaForMaskedLM"),
  words(
    "roberta-untied-f16",
    { ...wordsOf(roberta, { tieWordEmbeddings: false }), dtype: "f16" },
    "RobertaForMaskedLM",
  ),
  words("roberta-of-luke", lukeOf(roberta), "RobertaForMaskedLM"),
  words("roberta-of-bert", wordsOf(wordPiece), "RobertaForMaskedLM"),
  words("bert-of-roberta", wordsOf(roberta), "BertForMaskedLM"),
  words("xlm-roberta", wordsOf(xlmRoberta), "XLMRobertaForMaskedLM"),
  words("xlm-roberta-of-mluke", lukeOf(xlmRoberta), "XLMRobertaForMaskedLM"),
];

/** The sentence as a batch whose every word and entity is asked for. The second entity is `[MASK]`. */
function batchOf(tokenizer: Tokenizer, entityIds: readonly number[]): LukeBatch {
  const { ids, spans } = tokenizer.encodeText(SENTENCE, {
    spans: entityIds.length > 0 ? MENTIONS.map(([, start, end]) => [start, end] as const) : [],
  });
  const positions = new Int32Array(entityIds.length * MENTION_LENGTH).fill(-1);
  spans.forEach(([start, end], e) => {
    for (let i = start; i < end; i++) positions[e * MENTION_LENGTH + i - start] = i;
  });
  return {
    rows: 1,
    words: ids.length,
    entities: entityIds.length,
    mentionLength: MENTION_LENGTH,
    wordIds: Int32Array.from(ids),
    wordAttentionMask: new Int32Array(ids.length).fill(1),
    entityIds: Int32Array.from(entityIds),
    entityAttentionMask: new Int32Array(entityIds.length).fill(1),
    entityPositionIds: positions,
    maskedWordPositions: Int32Array.from(ids.keys()),
    maskedWordLabels: new Int32Array(),
    maskedEntityPositions: Int32Array.from(entityIds.keys()),
    maskedEntityLabels: new Int32Array(),
  };
}

interface Logits {
  readonly words: Float32Array;
  readonly entities: Float32Array;
}

async function logitsOf(network: LukeNetwork, batch: LukeBatch): Promise<Logits> {
  const words = await network.wordLogits(batch);
  return { words, entities: batch.entities > 0 ? await network.entityLogits(batch) : new Float32Array() };
}

const capacity = (batch: LukeBatch): {
  capacities: [{
    rows: number;
    words: number;
    entities: number;
    mentionLength: number;
    maskedWords: number;
    maskedEntities: number;
  }];
} => ({
  capacities: [{
    rows: batch.rows,
    words: batch.words,
    entities: batch.entities,
    mentionLength: batch.mentionLength,
    maskedWords: batch.words,
    maskedEntities: batch.entities,
  }],
});

async function sourceLogits(
  device: Device,
  { config, tensors }: HuggingFaceExport,
  batch: LukeBatch,
): Promise<Logits> {
  await using network = await LukeNetwork.create(device, config, capacity(batch));
  network.loadParameters(tensors);
  return await logitsOf(network, batch);
}

/** Largest difference over the columns that both have, which come first. */
function difference(a: Float32Array, b: Float32Array, rows: number): number {
  const [widthA, widthB] = [a.length / rows, b.length / rows];
  let worst = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < Math.min(widthA, widthB); i++) {
      worst = Math.max(worst, Math.abs((a[row * widthA + i] ?? NaN) - (b[row * widthB + i] ?? NaN)));
    }
  }
  return worst;
}

mkdirSync(outDirectory, { recursive: true });
const manifest = [];
for (const { name, model, write, source } of CASES) {
  const directory = join(outDirectory, name);
  await write(directory);
  const tokenizer = await openTokenizer(directory);
  const isLuke = model === "LukeForMaskedLM";
  const entityVocab: Record<string, number> = isLuke
    ? JSON.parse(Deno.readTextFileSync(join(directory, "entity_vocab.json")))
    : {};
  const keyOf = (title: string): string => Object.hasOwn(entityVocab, title) ? title : `en:${title}`;
  const keys = isLuke ? MENTIONS.map(([title], i) => i === 1 ? "[MASK]" : keyOf(title)) : [];
  const batch = batchOf(tokenizer, keys.map((key) => entityVocab[key] ?? entityVocab["[UNK]"] ?? 0));
  using opened = openModel(directory);
  const { missing, unexpected, misshapen } = opened.report;
  if (missing.length + unexpected.length + misshapen.length > 0) {
    throw new Error(`${name}: ${JSON.stringify(opened.report)}`);
  }
  await using network = await loadModel(device, opened, capacity(batch));
  const logits = await logitsOf(network, batch);
  if (source) {
    // A lite model's entities have other ids than the source's.
    const asked = source.config.entityVocabSize === 8 && keys.length > 0
      ? { ...batch, entityIds: Int32Array.from(name.endsWith("-lite") ? [1, 2] : batch.entityIds) }
      : batch;
    const before = await sourceLogits(device, source, asked);
    const worst = Math.max(
      difference(before.words, logits.words, batch.words),
      isLuke && !name.endsWith("-lite") ? difference(before.entities, logits.entities, batch.entities) : 0,
    );
    const bound = source.dtype === undefined ? 1e-5 : 1;
    if (!(worst <= bound)) throw new Error(`${name}: our logits before and after differ by ${worst}`);
  }
  writeSafetensors(
    join(outDirectory, `${name}.expected.safetensors`),
    new Map(Object.entries({
      word_ids: { shape: [1, batch.words], data: batch.wordIds },
      word_attention_mask: { shape: [1, batch.words], data: batch.wordAttentionMask },
      lm_logits: { shape: [1, batch.words, logits.words.length / batch.words], data: logits.words },
      ...(isLuke
        ? {
          entity_ids: { shape: [1, batch.entities], data: batch.entityIds },
          entity_attention_mask: { shape: [1, batch.entities], data: batch.entityAttentionMask },
          entity_position_ids: { shape: [1, batch.entities, MENTION_LENGTH], data: batch.entityPositionIds },
          entity_logits: {
            shape: [1, batch.entities, logits.entities.length / batch.entities],
            data: logits.entities,
          },
        }
        : {}),
    })),
  );
  const tokenizerClass =
    JSON.parse(Deno.readTextFileSync(join(directory, "tokenizer_config.json"))).tokenizer_class;
  manifest.push({
    name,
    model,
    tokenizer: tokenizerClass,
    sentence: SENTENCE,
    entities: keys,
    spans: isLuke ? MENTIONS.map(([, start, end]) => [start, end]) : [],
  });
  console.log(`${name}: written`);
}
writeFileSync(join(outDirectory, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
device.destroy();
