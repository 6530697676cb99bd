/** What a network tells without being trained: hidden states, logits without labels, whatever the capacity has. */
import assert from "node:assert/strict";
import { CpuDevice } from "./cpu/cpu_device.ts";
import { LukeNetwork } from "./luke_network.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";

Deno.test("LukeNetwork of a capacity without masked places or entities gives hidden states, of every layer too", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  for (const changes of [{}, { entityVocabSize: 0 }, { useEntityAwareAttention: true }]) {
    const config = tinyLukeConfig({ ...changes, numHiddenLayers: 2 });
    await using network = await LukeNetwork.create(device, config, {
      capacities: [TINY_CAPACITY, {
        ...TINY_CAPACITY,
        words: 5,
        entities: 0,
        maskedWords: 0,
        maskedEntities: 0,
      }],
    });
    network.initialize(5);
    const labelled = tinyLukeBatch(config, 1);
    const nothing = new Int32Array();
    const batch = {
      ...labelled,
      maskedWordPositions: nothing,
      maskedWordLabels: nothing,
      maskedEntityPositions: nothing,
      maskedEntityLabels: nothing,
    };
    const states = await network.hiddenStates(batch);
    assert.deepEqual(await network.hiddenStates(labelled), states);
    assert.equal(states.words.length, 2 * 6 * config.hiddenSize);
    assert.equal(states.entities.length, 2 * batch.entities * config.hiddenSize);
    const layers = await network.allHiddenStates(batch);
    assert.equal(layers.length, 3);
    assert.deepEqual(layers[2], states);
    assert.notDeepEqual(layers[1], layers[2]);
    assert.notDeepEqual(layers[0], layers[1]);
    assert.equal((await network.wordLogits(batch)).length, 0);
    assert.equal((await network.entityLogits(batch)).length, 0);

    // Words alone give the same in a plan without entities as where all entities are padding.
    const words = {
      ...batch,
      words: 5,
      wordIds: labelled.wordIds.slice(6, 11),
      wordAttentionMask: labelled.wordAttentionMask.slice(6, 11),
      rows: 1,
      entities: 0,
      entityIds: nothing,
      entityAttentionMask: nothing,
      entityPositionIds: nothing,
    };
    const alone = await network.hiddenStates(words);
    const padded = await network.hiddenStates(
      config.entityVocabSize === 0 ? words : {
        ...words,
        entities: 3,
        entityIds: new Int32Array(3),
        entityAttentionMask: new Int32Array(3),
        entityPositionIds: new Int32Array(3 * batch.mentionLength).fill(-1),
      },
    );
    alone.words.forEach((value, i) => assert.ok(Math.abs(value - (padded.words[i] ?? NaN)) < 1e-6));
  }
  device.destroy();
});

Deno.test("LukeNetwork.wordLogits() and entityLogits() need no labels, accumulate() does", async () => {
  const device = await CpuDevice.create({ threads: 1 });
  for (const tieWordEmbeddings of [true, false]) {
    const config = tinyLukeConfig({ tieWordEmbeddings });
    await using network = await LukeNetwork.create(device, config, { capacities: [TINY_CAPACITY] });
    network.initialize(5);
    const batch = tinyLukeBatch(config, 1);
    const nothing = new Int32Array();
    const unlabelled = { ...batch, maskedWordLabels: nothing, maskedEntityLabels: nothing };
    assert.deepEqual(await network.wordLogits(unlabelled), await network.wordLogits(batch));
    assert.deepEqual(await network.entityLogits(unlabelled), await network.entityLogits(batch));
    await network.readMetrics();
    await network.evaluate(unlabelled);
    const { word, entity } = await network.readMetrics();
    assert.deepEqual([word.lossSum, entity.lossSum], [0, 0]);
    await assert.rejects(
      network.accumulate(unlabelled, { seed: 1, step: 0, microStep: 0 }),
      { name: "RangeError", message: "4 masked places have 0 labels" },
    );
  }
  device.destroy();
});
