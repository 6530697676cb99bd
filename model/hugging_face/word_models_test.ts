import assert from "node:assert/strict";
import { countingTensors, elementsOf } from "../testdata_tensors.ts";
import { tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { wordModel } from "./word_models.ts";

const specials = { padId: 1, clsId: 0, sepId: 2 };

Deno.test("wordModel() gives the word side of a LUKE RoBERTa's names", () => {
  const config = tinyLukeConfig();
  const { settings, tensors } = wordModel(
    { config, tensors: countingTensors(config) },
    "RobertaForMaskedLM",
    specials,
  );
  assert.deepEqual(
    [...tensors.keys()].filter((name) => !name.includes(".layer.")),
    [
      "roberta.embeddings.word_embeddings.weight",
      "roberta.embeddings.position_embeddings.weight",
      "roberta.embeddings.token_type_embeddings.weight",
      "roberta.embeddings.LayerNorm.weight",
      "roberta.embeddings.LayerNorm.bias",
      "lm_head.dense.weight",
      "lm_head.dense.bias",
      "lm_head.layer_norm.weight",
      "lm_head.layer_norm.bias",
      "lm_head.bias",
    ],
  );
  assert.deepEqual([settings.model_type, settings.architectures, settings.bos_token_id], [
    "roberta",
    ["RobertaForMaskedLM"],
    0,
  ]);
});

Deno.test("wordModel() gives BERT's names and moves positions between the ways of counting", () => {
  const config = tinyLukeConfig();
  const source = { config, tensors: countingTensors(config) };
  const bert = wordModel(source, "BertForMaskedLM", specials);
  assert.deepEqual([...bert.tensors.keys()].filter((name) => name.startsWith("cls.")), [
    "cls.predictions.transform.dense.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.bias",
  ]);
  assert.equal(bert.settings.max_position_embeddings, 18);
  const positions = elementsOf(source.tensors, "luke.embeddings.position_embeddings.weight");
  assert.deepEqual(
    elementsOf(bert.tensors, "bert.embeddings.position_embeddings.weight"),
    positions.subarray(16),
  );
});

Deno.test("wordModel() writes a decoder that is not tied with its bias", () => {
  const config = tinyLukeConfig({ entityVocabSize: 0, tieWordEmbeddings: false });
  const source = { config, tensors: countingTensors(config) };
  const bert = wordModel(source, "BertForMaskedLM", specials);
  const xlm = wordModel(source, "XLMRobertaForMaskedLM", specials);
  const [decoder, bias] = [source.tensors.get("lm_head.decoder.weight"), source.tensors.get("lm_head.bias")];
  assert.deepEqual(
    ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"].map((name) => bert.tensors.get(name)),
    [decoder, bias],
  );
  assert.deepEqual(
    ["lm_head.decoder.weight", "lm_head.decoder.bias"].map((name) => xlm.tensors.get(name)),
    [decoder, bias],
  );
  assert.equal(xlm.settings.model_type, "xlm-roberta");
  assert.equal(xlm.settings.tie_word_embeddings, false);
});
