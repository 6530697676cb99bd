import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { type LukeConfig, lukeParameters, readSafetensors, type SafetensorsTensor } from "@lukeforge/model";
import { EntityVocab, type EntityVocabEntry } from "@lukeforge/vocab";
import { exportHuggingFace, type HuggingFaceExport, readParametersFrom } from "./export_hugging_face.ts";

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
const POSITIONS = "luke.embeddings.position_embeddings.weight";
const ENTITY_POSITIONS = "luke.entity_embeddings.position_embeddings.weight";

function parametersOf(config: LukeConfig): Map<string, SafetensorsTensor> {
  let next = 0;
  return new Map(
    lukeParameters(config).map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).map(() => ++next);
      return [name, { shape, data }];
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

function modelOf(change: Partial<HuggingFaceExport> = {}, config = CONFIG): HuggingFaceExport {
  return {
    config,
    parameters: parametersOf(config),
    vocab: vocabOf(["Japan", null], ["1984", null]),
    tokenizer: {
      vocabSize: 11,
      padId: 1,
      unkId: 3,
      clsId: 0,
      sepId: 2,
      modelType: config.baseModelType,
      encodeSegment: (text) => [text === "@" ? 7 : 9],
      save: (directory) => {
        writeFileSync(join(directory, "tokenizer.json"), '{"added_tokens":[{"id":0,"content":"<s>"}]}');
        writeFileSync(join(directory, "tokenizer_config.json"), '{"tokenizer_class":"RobertaTokenizer"}');
      },
    },
    ...change,
  };
}

async function exported(model: HuggingFaceExport, check: (directory: string) => void): Promise<void> {
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

function floats(tensors: ReadonlyMap<string, SafetensorsTensor>, name: string): Float32Array {
  const data = tensors.get(name)?.data;
  return data instanceof Float32Array ? data : assert.fail(`no ${name}`);
}

Deno.test("exportHuggingFace() writes config, weights with untied heads, vocabulary, tokenizer and model card", async () => {
  await exported(modelOf(), (directory) => {
    assert.deepEqual(readdirSync(directory).sort(), [
      "README.md",
      "config.json",
      "entity_vocab.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const config = json(directory, "config.json");
    assert.equal(config.model_type, "luke");
    assert.deepEqual(config.architectures, ["LukeForMaskedLM"]);
    assert.deepEqual([config.vocab_size, config.entity_vocab_size, config.max_position_embeddings], [
      13,
      6,
      6,
    ]);
    assert.deepEqual([config.pad_token_id, config.bos_token_id, config.eos_token_id], [1, 0, 2]);
    assert.equal(config.use_entity_aware_attention, false);
    const tensors = readSafetensors(join(directory, "model.safetensors"));
    assert.deepEqual(
      new Set(tensors.keys()),
      new Set([
        ...lukeParameters(CONFIG).map(({ name }) => name),
        "lm_head.decoder.weight",
        "lm_head.decoder.bias",
      ]),
    );
    assert.deepEqual(tensors.get("lm_head.decoder.weight"), tensors.get(WORDS));
    assert.deepEqual(tensors.get("lm_head.decoder.bias"), tensors.get("lm_head.bias"));
    assert.deepEqual(readParametersFrom(directory), tensors);
  });
});

Deno.test("exportHuggingFace() appends <ent>, <ent2> and [MASK2] as copies of @, # and [MASK]", async () => {
  const model = modelOf();
  await exported(model, (directory) => {
    const tensors = readSafetensors(join(directory, "model.safetensors"));
    const words = floats(tensors, WORDS), trained = floats(model.parameters, WORDS);
    assert.deepEqual(words.subarray(0, 44), trained);
    assert.deepEqual([...words.subarray(44)], [...trained.subarray(28, 32), ...trained.subarray(36, 40)]);
    const entities = floats(tensors, "luke.entity_embeddings.entity_embeddings.weight");
    assert.deepEqual(entities.subarray(10), entities.subarray(4, 6));
    const bias = floats(tensors, "entity_predictions.bias");
    assert.equal(bias[5], bias[2]);
    const added = json(directory, "tokenizer.json").added_tokens as { id: number; content: string }[];
    assert.deepEqual(added.map(({ id, content }) => [id, content]), [[0, "<s>"], [11, "<ent>"], [
      12,
      "<ent2>",
    ]]);
    assert.equal(json(directory, "tokenizer_config.json").tokenizer_class, "LukeTokenizer");
  });
});

Deno.test("exportHuggingFace() names entities bare with one language or none, else by language", async () => {
  const specials = { "[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "[MASK2]": 5 };
  const cases: [EntityVocab, Record<string, number>][] = [
    [vocabOf(["Japan", null], ["1984", null]), { Japan: 3, "1984": 4 }],
    [vocabOf(["Japan", "en"], ['"Heroes"', "en"]), { Japan: 3, '"Heroes"': 4 }],
    [vocabOf(["Japan", "en"], ["日本", "ja"]), { "en:Japan": 3, "ja:日本": 4 }],
  ];
  for (const [vocab, expected] of cases) {
    await exported(modelOf({ vocab }), (directory) => {
      assert.deepEqual(json(directory, "entity_vocab.json"), { ...specials, ...expected });
    });
  }
});

Deno.test("exportHuggingFace() moves BERT's word positions down, so that transformers' counting finds them", async () => {
  const config: LukeConfig = { ...CONFIG, baseModelType: "bert" };
  const model = modelOf({}, config);
  await exported(model, (directory) => {
    assert.equal(json(directory, "config.json").max_position_embeddings, 8);
    assert.equal(json(directory, "config.json").vocab_size, 11);
    const tensors = readSafetensors(join(directory, "model.safetensors"));
    const zeros = new Float32Array(8);
    assert.deepEqual(floats(tensors, POSITIONS).subarray(0, 8), zeros);
    assert.deepEqual(floats(tensors, POSITIONS).subarray(8), floats(model.parameters, POSITIONS));
    assert.deepEqual(
      floats(tensors, ENTITY_POSITIONS).subarray(0, 24),
      floats(model.parameters, ENTITY_POSITIONS),
    );
    assert.deepEqual(floats(tensors, ENTITY_POSITIONS).subarray(24), zeros);
  });
});

Deno.test("exportHuggingFace() copies queries for entity-aware attention when asked to", async () => {
  await exported(modelOf({ useEntityAwareAttention: true }), (directory) => {
    assert.equal(json(directory, "config.json").use_entity_aware_attention, true);
    const tensors = readSafetensors(join(directory, "model.safetensors"));
    const attention = "luke.encoder.layer.0.attention.self";
    for (const name of ["w2e_query", "e2w_query", "e2e_query"]) {
      assert.deepEqual(tensors.get(`${attention}.${name}.weight`), tensors.get(`${attention}.query.weight`));
      assert.deepEqual(tensors.get(`${attention}.${name}.bias`), tensors.get(`${attention}.query.bias`));
    }
  });
});

Deno.test("exportHuggingFace() keeps the queries of a network with entity-aware attention", async () => {
  const config: LukeConfig = { ...CONFIG, useEntityAwareAttention: true };
  const parameters = parametersOf(config);
  await exported(modelOf({ config, parameters }), (directory) => {
    assert.equal(json(directory, "config.json").use_entity_aware_attention, true);
    const tensors = readSafetensors(join(directory, "model.safetensors"));
    const name = "luke.encoder.layer.0.attention.self.w2e_query.weight";
    assert.deepEqual(tensors.get(name)?.data, parameters.get(name)?.data);
    assert.notDeepEqual(tensors.get(name)?.data, tensors.get(name.replace("w2e_", ""))?.data);
  });
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

Deno.test("exportHuggingFace() refuses a vocabulary of another size and parameters that are missing", async () => {
  const refused = (message: RegExp) => (error: unknown): boolean =>
    error instanceof UserError && message.test(error.message);
  const parent = mkdtempSync(join(tmpdir(), "export-"));
  try {
    const start = (change: Partial<HuggingFaceExport>): Promise<void> =>
      exportHuggingFace(join(parent, "model"), modelOf(change));
    await assert.rejects(start({ vocab: vocabOf() }), refused(/11 words and 5 entities, .* 11 and 3/));
    await assert.rejects(start({ parameters: new Map() }), refused(/parameter luke\..* is missing/));
    assert.throws(() => readParametersFrom(parent), refused(/model\.safetensors: cannot be opened/));
    assert.deepEqual(readdirSync(parent), []);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
