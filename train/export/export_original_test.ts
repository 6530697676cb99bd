import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { elementCount, floatTensor, type LukeConfig, lukeParameters, openModel } from "@lukeforge/model";
import { EntityVocab } from "@lukeforge/vocab";
import { exportOriginal, type OriginalExport } from "./export_original.ts";

const CONFIG: LukeConfig = {
  baseModelType: "roberta",
  vocabSize: 11,
  entityVocabSize: 4,
  hiddenSize: 4,
  entityEmbSize: 2,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 8,
  maxPositionEmbeddings: 10,
  typeVocabSize: 1,
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  padTokenId: 1,
  useEntityAwareAttention: false,
  tieWordEmbeddings: true,
};

function modelOf(changes: Partial<LukeConfig> = {}, bertModelName = "roberta-base"): OriginalExport {
  const config = { ...CONFIG, ...changes };
  let next = 0;
  const tensors = lukeParameters(config).map(({ name, shape }) => {
    return [
      name,
      floatTensor(shape, Float32Array.from({ length: elementCount(shape) }, () => ++next)),
    ] as const;
  });
  const vocab = new EntityVocab(["[PAD]", "[UNK]", "[MASK]", "Japan"].map((title, id) => ({
    id,
    entities: [[title, null]] as [string, null][],
    count: 1,
  })));
  return { config, tensors: new Map(tensors), vocab, bertModelName };
}

Deno.test("exportOriginal() writes what openModel() opens as the same network", async () => {
  const cases = [modelOf(), modelOf({ baseModelType: "bert", padTokenId: 0 }, "bert-base-cased")];
  for (const model of cases) {
    const parent = mkdtempSync(join(tmpdir(), "original-"));
    try {
      const directory = join(parent, "luke");
      await exportOriginal(directory, model);
      assert.deepEqual(readdirSync(directory).sort(), [
        "entity_vocab.jsonl",
        "metadata.json",
        "pytorch_model.bin",
      ]);
      const metadata = JSON.parse(readFileSync(join(directory, "metadata.json"), "utf8"));
      const { model_config, ...rest } = metadata;
      assert.deepEqual(rest, {
        max_seq_length: model.config.baseModelType === "bert" ? 10 : 8,
        max_entity_length: 128,
        max_mention_length: 30,
        arguments: {},
      });
      assert.equal(model_config.bert_model_name, model.bertModelName);
      using opened = openModel(directory);
      assert.deepEqual(opened.config, model.config);
      const { missing, unexpected, misshapen } = opened.report;
      assert.deepEqual([missing, unexpected, misshapen], [[], [], []]);
      for (const [name, tensor] of model.tensors) {
        const count = elementCount(tensor.shape);
        assert.deepEqual(opened.tensors.get(name)?.readFloats(0, count), tensor.readFloats(0, count), name);
      }
    } finally {
      rmSync(parent, { recursive: true });
    }
  }
});

Deno.test("exportOriginal() refuses what the repository would open otherwise", async () => {
  const refuses = (model: OriginalExport, message: RegExp): Promise<void> =>
    assert.rejects(
      exportOriginal("never", model),
      (error) => error instanceof UserError && message.test(error.message),
    );
  await refuses(modelOf({ entityVocabSize: 0 }), /has no entities/);
  await refuses(modelOf({ entityVocabSize: 5 }), /5 entities, the vocabulary 4/);
  await refuses(modelOf({}, "bert-base-cased"), /this is RoBERTa; name the base model by --bert-model-name/);
  // Upstream takes a RoBERTa's pad id of 0 for 1.
  await refuses(modelOf({ padTokenId: 0 }), /this is BERT; name the base model/);
});
