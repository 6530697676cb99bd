/**
 * Models made and saved by transformers (tests/peers/hugging_face_models.py), opened and run here: hidden states of every layer, logits,
 * masked losses.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  CpuDevice,
  type Device,
  loadModel,
  type LukeBatch,
  type LukeNetwork,
  openDevice,
  openModel,
  readSafetensors,
} from "@lukeforge/model";
import { webgpuAvailable } from "../model/webgpu/request.ts";

const DIRECTORY = new URL("./fixtures/hugging_face/", import.meta.url).pathname;

const KINDS = ["luke", "luke_entity_aware", "luke_untied", "mluke", "bert", "roberta", "xlm_roberta"];

type Expected = ReturnType<typeof readSafetensors>;

function integers(expected: Expected, name: string): Int32Array {
  const data = expected.get(name)?.data ?? new Int32Array();
  assert.ok(data instanceof Int32Array, name);
  return data;
}

function floats(expected: Expected, name: string): Float32Array {
  const data = expected.get(name)?.data;
  assert.ok(data instanceof Float32Array, `${name} is not in the fixture`);
  return data;
}

/** The places with a label, −100 being none. */
function labelled(labels: Int32Array): { places: Int32Array; labels: Int32Array } {
  const places = Int32Array.from(labels.keys()).filter((i) => labels[i] !== -100);
  return { places, labels: places.map((i) => labels[i] ?? -1) };
}

/** The batch of a fixture, with the places that have labels. */
function batchOf(expected: Expected): LukeBatch {
  const [rows = 0, words = 0] = expected.get("input_ids")?.shape ?? [];
  const [, entities = 0, mentionLength = 0] = expected.get("entity_position_ids")?.shape ?? [];
  const masked = labelled(integers(expected, "labels"));
  const maskedEntities = labelled(integers(expected, "entity_labels"));
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds: integers(expected, "input_ids"),
    wordAttentionMask: integers(expected, "attention_mask"),
    wordTypeIds: integers(expected, "token_type_ids"),
    entityIds: integers(expected, "entity_ids"),
    entityAttentionMask: integers(expected, "entity_attention_mask"),
    entityTypeIds: integers(expected, "entity_token_type_ids"),
    entityPositionIds: integers(expected, "entity_position_ids"),
    maskedWordPositions: masked.places,
    maskedWordLabels: masked.labels,
    maskedEntityPositions: maskedEntities.places,
    maskedEntityLabels: maskedEntities.labels,
  };
}

/** The batch with logits wanted everywhere, as transformers gives them, and no labels. */
function everywhere(batch: LukeBatch): LukeBatch {
  const nothing = new Int32Array();
  return {
    ...batch,
    maskedWordPositions: Int32Array.from(batch.wordIds.keys()),
    maskedWordLabels: nothing,
    maskedEntityPositions: Int32Array.from(batch.entityIds.keys()),
    maskedEntityLabels: nothing,
  };
}

/** What a network answers, under the names of the fixtures. */
async function answers(network: LukeNetwork, batch: LukeBatch): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  const all = everywhere(batch);
  found.set("logits", await network.wordLogits(all));
  if (batch.entities > 0) found.set("entity_logits", await network.entityLogits(all));
  (await network.allHiddenStates(batch)).forEach(({ words, entities }, layer) => {
    found.set(`hidden_states.${layer}`, words);
    if (batch.entities > 0) found.set(`entity_hidden_states.${layer}`, entities);
  });
  await network.readMetrics();
  await network.evaluate(batch);
  const { word, entity } = await network.readMetrics();
  assert.equal(word.count, batch.maskedWordPositions.length);
  assert.equal(entity.count, batch.maskedEntityPositions.length);
  found.set("mlm_loss", Float32Array.of(word.sumOfMeans));
  if (batch.entities > 0) found.set("mep_loss", Float32Array.of(entity.sumOfMeans));
  return found;
}

/** The largest absolute difference; Infinity where one is not a number. */
function difference(actual: Float32Array | undefined, expected: Float32Array): number {
  assert.equal(actual?.length, expected.length);
  return expected.reduce((most, value, i) => {
    const off = Math.abs(value - (actual?.[i] ?? NaN));
    return Number.isNaN(off) ? Infinity : Math.max(most, off);
  }, 0);
}

const devices: readonly [string, number, boolean, () => Promise<Device>][] = [
  ["cpu", 1e-5, true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", 1e-3, await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, bound, available, open] of devices) {
  Deno.test({
    name: `models of transformers on ${kind} have its hidden states, logits and losses`,
    ignore: !available,
    async fn(t) {
      const device = await open();
      for (const name of KINDS) {
        await t.step(name, async () => {
          const expected = readSafetensors(join(DIRECTORY, name, "expected.safetensors"));
          const batch = batchOf(expected);
          using model = openModel(join(DIRECTORY, name));
          // Wider than the batch, so that padding is exercised, too.
          await using network = await loadModel(device, model, {
            capacities: [{
              rows: 4,
              words: 16,
              entities: 5,
              mentionLength: 30,
              maskedWords: 40,
              maskedEntities: 12,
            }],
          });
          const found = await answers(network, batch);
          const outputs = [...expected.keys()].filter((output) =>
            expected.get(output)?.data instanceof Float32Array
          );
          assert.deepEqual([...found.keys()].sort(), outputs.sort());
          for (const output of outputs) {
            const off = difference(found.get(output), floats(expected, output));
            assert.ok(off < bound, `${output} is off by ${off}`);
          }
        });
      }
      device.destroy();
    },
  });
}
