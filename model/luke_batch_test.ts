import assert from "node:assert/strict";
import { fits, planCapacity } from "./luke_batch.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";

const wordsOnly = tinyLukeConfig({ entityVocabSize: 0 });

Deno.test("planCapacity() has no entities where the network has none", () => {
  assert.deepEqual(planCapacity(TINY_CAPACITY, tinyLukeConfig(), true), TINY_CAPACITY);
  for (const training of [false, true]) {
    assert.deepEqual(planCapacity(TINY_CAPACITY, wordsOnly, training), {
      ...TINY_CAPACITY,
      entities: 0,
      maskedEntities: 0,
    });
  }
});

Deno.test("planCapacity() has at least one of everything for training, so that every gradient is written", () => {
  const nothing = {
    rows: 2,
    words: 6,
    entities: 0,
    mentionLength: 0,
    maskedWords: 0,
    maskedEntities: 0,
  };
  assert.deepEqual(planCapacity(nothing, tinyLukeConfig(), false), { ...nothing, mentionLength: 1 });
  assert.deepEqual(planCapacity(nothing, tinyLukeConfig(), true), {
    ...nothing,
    entities: 1,
    mentionLength: 1,
    maskedWords: 1,
    maskedEntities: 1,
  });
  assert.deepEqual(planCapacity(nothing, wordsOnly, true), {
    ...nothing,
    mentionLength: 1,
    maskedWords: 1,
  });
});

Deno.test("fits() counts masked places, labelled or not, and no mentions where there are no entities", () => {
  const batch = { ...tinyLukeBatch(wordsOnly, 1), mentionLength: 9 };
  assert.ok(fits(batch, TINY_CAPACITY));
  assert.ok(!fits({ ...tinyLukeBatch(tinyLukeConfig(), 1), mentionLength: 9 }, TINY_CAPACITY));
  const unlabelled = { ...batch, maskedWordLabels: new Int32Array() };
  assert.ok(fits(unlabelled, TINY_CAPACITY));
  assert.ok(!fits(unlabelled, { ...TINY_CAPACITY, maskedWords: 3 }));
});
