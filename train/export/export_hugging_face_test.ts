import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import {
  floatTensor,
  type LukeConfig,
  lukeParameters,
  openWeights,
  type StoredTensor,
  WeightsError,
} from "@lukeforge/model";
import { EntityVocab, type EntityVocabEntry } from "@lukeforge/vocab";
import { exportHuggingFace, exportWordModel, type LukeExport } from "./export_hugging_face.ts";

const CONFIG: LukeConfig = {
  baseModelType: "roberta",
  vocabSize: 11,
  entityVocabSize: 5,
  hiddenSize: 4,
  entityEmbSize: 2,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 8,
  maxPositionEmbeddings: 6,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  padTokenId: 1,
  useEntityAwareAttention: false,
  tieWordEmbeddings: true,
};
const WORDS = "luke.embeddings.word_embeddings.weight";
const ENTITIES = "luke.entity_embeddings.entity_embeddings.weight";

/** Parameters whose elements are 1, 2, 3, … */
function tensorsOf(config: LukeConfig): Map<string, StoredTensor> {
  let next = 0;
  return new Map(
    lukeParameters(config).map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).map(() => ++next);
      return [name, floatTensor(shape, data)];
    }),
  );
}

function vocabOf(...titles: [title: string, language: string | null][]): EntityVocab {
  const entry = (id: number, title: string, language: string | null): EntityVocabEntry => ({
    id,
    entities: [[title, language]],
    count: 1,
  });
  const specials = ["[PAD]", "[UNK]", "[MASK]"].map((title, id) => entry(id, title, null));
  return new EntityVocab([
    ...specials,
    ...titles.map(([title, language], i) => entry(3 + i, title, language)),
  ]);
}

function modelOf(change: Partial<LukeExport> = {}, config = CONFIG): LukeExport {
  return {
    config,
    tensors: tensorsOf(config),
    vocab: vocabOf(["Japan", null], ["1984", null]),
    tokenizer: {
      vocabSize: 11,
      padId: 1,
      unkId: 3,
      clsId: 0,
      sepId: 2,
      modelType: config.baseModelType,
      addedTokenId: () => undefined,
      encodeSegment: (text) => [text === "@" ? 7 : 9],
      save: (directory) => {
        writeFileSync(join(directory, "tokenizer.json"), '{"added_tokens":[{"id":0,"content":"<s>"}]}');
        writeFileSync(join(directory, "tokenizer_config.json"), '{"tokenizer_class":"RobertaTokenizer"}');
        writeFileSync(join(directory, "special_tokens_map.json"), '{"pad_token":"<pad>"}');
      },
    },
    ...change,
  };
}

async function exported(model: LukeExport, check: (directory: string) => void): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "export-"));
  try {
    const directory = join(parent, "model");
    await exportHuggingFace(directory, model);
    assert.deepEqual(readdirSync(parent), ["model"]);
    check(directory);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

const json = (directory: string, name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(directory, name), "utf8"));

function floats(tensors: ReadonlyMap<string, StoredTensor>, name: string): Float32Array {
  const tensor = tensors.get(name) ?? assert.fail(`no ${name}`);
  return tensor.readFloats(0, tensor.shape.reduce((product, size) => product * size, 1));
}

/** The tensors of an export, read to the end. */
function written(directory: string): Map<string, StoredTensor> {
  using weights = openWeights(directory);
  return new Map(
    [...weights.tensors].map((
      [name, { shape }],
    ) => [name, floatTensor(shape, floats(weights.tensors, name).slice())]),
  );
}

Deno.test("exportHuggingFace() writes config, weights, vocabulary, tokenizer and model card", async () => {
  await exported(modelOf(), (directory) => {
    assert.deepEqual(readdirSync(directory).sort(), [
      "README.md",
      "config.json",
      "entity_vocab.json",
      "model.safetensors",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const config = json(directory, "config.json");
    assert.deepEqual([config.model_type, config.architectures, config.dtype], [
      "luke",
      ["LukeForMaskedLM"],
      "float32",
    ]);
    assert.deepEqual([config.vocab_size, config.entity_vocab_size], [13, 6]);
    assert.match(readFileSync(join(directory, "README.md"), "utf8"), /\| entities \| 6 \|/);
  });
});

Deno.test("exportHuggingFace() appends <ent>, <ent2> and [MASK2] as copies of @, # and [MASK]", async () => {
  for (const baseModelType of ["roberta", "bert"] as const) {
    const model = modelOf({}, { ...CONFIG, baseModelType });
    await exported(model, (directory) => {
      const tensors = written(directory);
      const words = floats(tensors, WORDS), trained = floats(model.tensors, WORDS);
      assert.deepEqual(words.subarray(0, 44), trained);
      assert.deepEqual([...words.subarray(44)], [...trained.subarray(28, 32), ...trained.subarray(36, 40)]);
      const entities = floats(tensors, ENTITIES);
      assert.deepEqual(entities.subarray(10), entities.subarray(4, 6));
      const bias = floats(tensors, "entity_predictions.bias");
      assert.equal(bias[5], bias[2]);
      const added = json(directory, "tokenizer.json").added_tokens as { id: number; content: string }[];
      assert.deepEqual(added.map(({ id, content }) => [id, content]), [
        [0, "<s>"],
        [11, "<ent>"],
        [12, "<ent2>"],
      ]);
      const { tokenizer_class } = json(directory, "tokenizer_config.json");
      assert.equal(tokenizer_class, baseModelType === "bert" ? "BertTokenizer" : "LukeTokenizer");
    });
  }
});

Deno.test("exportHuggingFace() adds no row that the model has already", async () => {
  const vocab = vocabOf(["Japan", null], ["[MASK2]", null]);
  const tokenizer = {
    ...modelOf().tokenizer,
    addedTokenId: (token: string) => token === "<ent>" ? 9 : token === "<ent2>" ? 10 : undefined,
  };
  const model = modelOf({ vocab, tokenizer });
  await exported(model, (directory) => {
    const tensors = written(directory);
    assert.deepEqual(floats(tensors, WORDS), floats(model.tensors, WORDS));
    assert.deepEqual(floats(tensors, ENTITIES), floats(model.tensors, ENTITIES));
    assert.deepEqual(json(directory, "entity_vocab.json"), {
      "[PAD]": 0,
      "[UNK]": 1,
      "[MASK]": 2,
      Japan: 3,
      "[MASK2]": 4,
    });
  });
});

Deno.test("exportHuggingFace() gives markers the ids that follow the tokenizer, in a table that is longer, too", async () => {
  for (const vocabSize of [9, 10, 11]) {
    const tokenizer = { ...modelOf().tokenizer, vocabSize };
    const model = modelOf({ tokenizer });
    await exported(model, (directory) => {
      const words = floats(written(directory), WORDS), trained = floats(model.tensors, WORDS);
      const row = (table: Float32Array, id: number): number[] => [...table.subarray(4 * id, 4 * id + 4)];
      assert.equal(words.length / 4, Math.max(11, vocabSize + 2));
      assert.deepEqual(row(words, vocabSize - 1), row(trained, vocabSize - 1));
      assert.deepEqual(row(words, vocabSize), row(trained, 7));
      assert.deepEqual(row(words, vocabSize + 1), row(trained, 9));
    });
  }
});

Deno.test("exportHuggingFace() names entities bare without a language, else by language", async () => {
  const specials = { "[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "[MASK2]": 5 };
  const cases: [EntityVocab, Record<string, number>][] = [
    [vocabOf(["Japan", null], ["1984", null]), { Japan: 3, "1984": 4 }],
    [vocabOf(["Japan", "en"], ['"Heroes"', "en"]), { "en:Japan": 3, 'en:"Heroes"': 4 }],
    [vocabOf(["Japan", "en"], ["日本", "ja"]), { "en:Japan": 3, "ja:日本": 4 }],
  ];
  for (const [vocab, expected] of cases) {
    await exported(modelOf({ vocab }), (directory) => {
      assert.deepEqual(json(directory, "entity_vocab.json"), { ...specials, ...expected });
    });
  }
});

Deno.test("exportHuggingFace() writes every title of an entity of several languages", async () => {
  const specials = [...vocabOf().entries()];
  const entities: [string, string][] = [["Japan", "en"], ["日本", "ja"]];
  const vocab = new EntityVocab([...specials, { id: 3, entities, count: 1 }, {
    id: 4,
    entities: [["Wien", "de"]],
    count: 1,
  }]);
  await exported(modelOf({ vocab }), (directory) => {
    const keys = json(directory, "entity_vocab.json");
    assert.deepEqual([keys["en:Japan"], keys["ja:日本"], keys["de:Wien"]], [3, 3, 4]);
  });
});

Deno.test("exportHuggingFace() keeps only the special entities when asked to", async () => {
  const model = modelOf({ removeEntityEmbeddings: true });
  await exported(model, (directory) => {
    const kept = { "[MASK]": 0, "[UNK]": 1, "[PAD]": 2, "[MASK2]": 3 };
    assert.deepEqual(json(directory, "entity_vocab.json"), kept);
    assert.equal(json(directory, "config.json").entity_vocab_size, 4);
    const table = floats(model.tensors, ENTITIES), bias = floats(model.tensors, "entity_predictions.bias");
    const tensors = written(directory);
    assert.deepEqual(
      [...floats(tensors, ENTITIES)],
      [2, 1, 0, 2].flatMap((id) => [...table.subarray(2 * id, 2 * id + 2)]),
    );
    assert.deepEqual([...floats(tensors, "entity_predictions.bias")], [2, 1, 0, 2].map((id) => bias[id]));
  });
});

Deno.test("exportHuggingFace() writes half precision and shards", async () => {
  await exported(modelOf({ dtype: "bf16", maxShardSize: 100 }), (directory) => {
    assert.equal(json(directory, "config.json").dtype, "bfloat16");
    using weights = openWeights(directory);
    assert.match(weights.format, /shards/);
    assert.equal(weights.tensors.get(WORDS)?.dtype, "BF16");
  });
});

Deno.test("exportWordModel() writes the word side with its tokenizer", async () => {
  const parent = mkdtempSync(join(tmpdir(), "export-"));
  try {
    const directory = join(parent, "model");
    await exportWordModel(directory, modelOf(), "RobertaForMaskedLM");
    assert.equal(json(directory, "config.json").model_type, "roberta");
    assert.equal(json(directory, "tokenizer_config.json").tokenizer_class, "RobertaTokenizer");
    assert.equal(readdirSync(directory).includes("entity_vocab.json"), false);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

Deno.test("exportHuggingFace() replaces an older export as a whole and cleans up after a kill", async () => {
  const parent = mkdtempSync(join(tmpdir(), "export-"));
  try {
    const directory = join(parent, "model");
    for (const name of ["model", "model.partial", "model.old.partial"]) {
      mkdirSync(join(parent, name));
      writeFileSync(join(parent, name, "stale"), "");
    }
    await exportHuggingFace(directory, modelOf());
    assert.deepEqual(readdirSync(parent), ["model"]);
    assert.equal(readdirSync(directory).includes("stale"), false);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

Deno.test("exportHuggingFace() refuses what does not go together", async () => {
  const parent = mkdtempSync(join(tmpdir(), "export-"));
  try {
    const refuses = (
      change: Partial<LukeExport>,
      kind: typeof UserError | typeof WeightsError,
      message: RegExp,
    ): Promise<void> =>
      assert.rejects(
        exportHuggingFace(join(parent, "model"), modelOf(change)),
        (error) => error instanceof kind && message.test(error.message),
      );
    await refuses({ vocab: vocabOf() }, UserError, /5 entities, the vocabulary 3/);
    const tokenizer = { ...modelOf().tokenizer, vocabSize: 12 };
    await refuses({ tokenizer }, UserError, /11 words, the tokenizer 12/);
    await refuses({ tensors: new Map() }, WeightsError, /parameters are missing: luke\./);
    await refuses({ tokenizerClass: "MLukeTokenizer" }, UserError, /take --tokenizer-class LukeTokenizer/);
    const broken = new Map(tensorsOf(CONFIG)).set(
      WORDS,
      floatTensor([11, 4], new Float32Array(44).fill(NaN)),
    );
    await refuses({ tensors: broken }, WeightsError, /tensor lm_head.decoder.weight, element 0: NaN/);
    assert.deepEqual(readdirSync(parent), []);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
