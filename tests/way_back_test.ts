/** Exports against transformers' state dicts (tests/peers/state_dicts.py), and back through `openModel`. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CpuDevice,
  type Device,
  elementCount,
  floatTensor,
  loadModel,
  type LukeConfig,
  lukeForMaskedLM,
  LukeNetwork,
  lukeParameters,
  openModel,
  type SourceModel,
  type StoredTensor,
  WORD_MODELS,
  wordModel,
  type WordModelClass,
} from "@lukeforge/model";
import { exportHuggingFace, exportWordModel } from "@lukeforge/train";
import { EntityVocab, tokenizerFromJson, trainWordPiece } from "@lukeforge/vocab";
import { normalArray } from "../model/random_normal.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "../model/testdata_tiny_luke.ts";

interface StateDict {
  readonly class: string;
  readonly config: Readonly<Record<string, number | boolean>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly tied: readonly string[];
}

const STATE_DICTS: Readonly<Record<string, StateDict>> = JSON.parse(
  readFileSync(new URL("./fixtures/state_dicts.json", import.meta.url), "utf8"),
);
const specialWords = { padId: 1, clsId: 0, sepId: 2 };

function randomModel(config: LukeConfig): SourceModel {
  const tensors = lukeParameters(config).map(({ name, shape, initial }, i): [string, StoredTensor] => {
    const values = normalArray(elementCount(shape), 0.2, i);
    return [name, floatTensor(shape, initial === "ones" ? values.map((value) => 1 + value) : values)];
  });
  return { config, tensors: new Map(tensors) };
}

function isWordModel(name: string): name is WordModelClass {
  return Object.hasOwn(WORD_MODELS, name);
}

for (const [name, { class: model, config, shapes, tied }] of Object.entries(STATE_DICTS)) {
  Deno.test(`exports of ${name} have the names and shapes of transformers' ${model}`, () => {
    const source = randomModel(tinyLukeConfig({
      baseModelType: model === "BertForMaskedLM" ? "bert" : "roberta",
      vocabSize: 12,
      entityVocabSize: isWordModel(model) ? 0 : 9,
      entityEmbSize: Number(config.entity_emb_size ?? 8),
      intermediateSize: 10,
      typeVocabSize: 2,
      useEntityAwareAttention: config.use_entity_aware_attention === true,
      tieWordEmbeddings: config.tie_word_embeddings !== false,
    }));
    const { tensors, settings } = isWordModel(model)
      ? wordModel(source, model, specialWords)
      : lukeForMaskedLM(source, { specialWords });
    const written = Object.fromEntries([...tensors].map(([key, { shape }]) => [key, shape]));
    const left = Object.keys(shapes).filter((key) => !(key in written));
    assert.ok(left.every((key) => tied.includes(key)), `${left} is not tied by transformers`);
    if (!isWordModel(model)) assert.ok(left.every((key) => key === "entity_predictions.decoder.weight"));
    assert.deepEqual(written, Object.fromEntries(Object.entries(shapes).filter(([key]) => key in written)));
    for (const [field, value] of Object.entries(config)) assert.equal(settings[field], value, field);
  });
}

const tokenizer = tokenizerFromJson(trainWordPiece(["a sea @ an isle # the west"], { vocabSize: 40 }));
const vocab = new EntityVocab(
  ["[PAD]", "[UNK]", "[MASK]", "Sea", "Isle", "West"].map((title, id) => ({
    id,
    entities: [[title, null]] as [string, null][],
    count: 1,
  })),
);

async function logitsOf(network: LukeNetwork, config: LukeConfig): Promise<Float32Array[]> {
  const batch = tinyLukeBatch({ ...config, vocabSize: tokenizer.vocabSize, entityVocabSize: 6 }, 1);
  const words = await network.wordLogits(config.entityVocabSize === 0 ? withoutEntities(batch) : batch);
  return config.entityVocabSize === 0 ? [words] : [words, await network.entityLogits(batch)];
}

function withoutEntities(batch: ReturnType<typeof tinyLukeBatch>): ReturnType<typeof tinyLukeBatch> {
  const none = new Int32Array();
  return {
    ...batch,
    entities: 0,
    entityIds: none,
    entityAttentionMask: none,
    entityPositionIds: none,
    maskedEntityPositions: none,
    maskedEntityLabels: none,
  };
}

/** The largest difference over the columns of `a`, the first of those of `b`. */
function difference(a: Float32Array, b: Float32Array, rows: number): number {
  const [columns, width] = [a.length / rows, b.length / rows];
  const differences = a.map((value, i) => {
    return Math.abs(value - (b[Math.floor(i / columns) * width + i % columns] ?? NaN));
  });
  return differences.reduce((worst, found) => Number.isNaN(found) ? Infinity : Math.max(worst, found), 0);
}

async function sameLogits(device: Device, source: SourceModel, directory: string): Promise<void> {
  const options = { capacities: [TINY_CAPACITY] };
  await using before = await LukeNetwork.create(device, source.config, options);
  before.loadParameters(source.tensors);
  using opened = openModel(directory);
  const { missing, unexpected, misshapen } = opened.report;
  assert.deepEqual({ missing, unexpected, misshapen }, { missing: [], unexpected: [], misshapen: [] });
  await using after = await loadModel(device, opened, options);
  const [words = new Float32Array(), entities] = await logitsOf(before, source.config);
  const [openedWords = new Float32Array(), openedEntities] = await logitsOf(after, source.config);
  assert.ok(difference(words, openedWords, 4) < 1e-6);
  if (entities && openedEntities) assert.ok(difference(entities, openedEntities, 2) < 1e-6);
}

const LUKES: readonly (readonly [string, Partial<LukeConfig>])[] = [
  ["LUKE", {}],
  ["BERT-based LUKE", { baseModelType: "bert", padTokenId: 0, typeVocabSize: 2 }],
  ["LUKE with a decoder of its own", { tieWordEmbeddings: false }],
  ["LUKE with entity-aware attention", { useEntityAwareAttention: true }],
];

for (const [name, changes] of LUKES) {
  Deno.test(`a ${name} that was exported opens with the same logits`, async () => {
    await exportedAndOpened(
      { vocabSize: tokenizer.vocabSize, entityVocabSize: 6, padTokenId: tokenizer.padId, ...changes },
      (directory, source) => exportHuggingFace(directory, { ...source, tokenizer, vocab }),
    );
  });
}

const WORDS: readonly (readonly [WordModelClass, Partial<LukeConfig>])[] = [
  ["BertForMaskedLM", { baseModelType: "bert" }],
  ["BertForMaskedLM", { baseModelType: "bert", tieWordEmbeddings: false }],
  ["BertForMaskedLM", {}],
  ["RobertaForMaskedLM", {}],
  ["RobertaForMaskedLM", { baseModelType: "bert" }],
  ["XLMRobertaForMaskedLM", { tieWordEmbeddings: false }],
];

for (const [model, changes] of WORDS) {
  Deno.test(`a ${model} of ${JSON.stringify(changes)} opens with the same logits`, async () => {
    await exportedAndOpened(
      { vocabSize: tokenizer.vocabSize, entityVocabSize: 0, padTokenId: tokenizer.padId, ...changes },
      (directory, source) => exportWordModel(directory, { ...source, tokenizer }, model),
    );
  });
}

async function exportedAndOpened(
  changes: Partial<LukeConfig>,
  write: (directory: string, source: SourceModel) => Promise<void>,
): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "way-back-"));
  const device = await CpuDevice.create({ threads: 1 });
  try {
    const source = randomModel(tinyLukeConfig(changes));
    await write(join(parent, "model"), source);
    await sameLogits(device, source, join(parent, "model"));
  } finally {
    device.destroy();
    rmSync(parent, { recursive: true });
  }
}
