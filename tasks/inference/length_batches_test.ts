import assert from "node:assert/strict";
import { fits } from "@lukeforge/model";
import fc from "fast-check";
import { inferenceCapacities, MOST_MENTIONS, MOST_PLACES } from "./inference_capacities.ts";
import { lengthBatches } from "./length_batches.ts";

const size = fc.record({
  words: fc.integer({ min: 2, max: 300 }),
  places: fc.integer({ min: 0, max: MOST_PLACES }),
});

Deno.test("lengthBatches() puts every input into one batch, and each batch has a plan", () => {
  const limits = { words: 300, mentionLength: 30, entities: MOST_MENTIONS };
  const capacities = inferenceCapacities(limits);
  fc.assert(fc.property(fc.array(size, { maxLength: 200 }), (sizes) => {
    const batches = lengthBatches(sizes, limits);
    assert.deepEqual(batches.flat().sort((a, b) => a - b), [...sizes.keys()]);
    for (const batch of batches) {
      const places = batch.reduce((sum, i) => sum + (sizes[i]?.places ?? 0), 0);
      const shape = {
        rows: batch.length,
        words: Math.max(...batch.map((i) => sizes[i]?.words ?? 0)),
        mentionLength: 30,
        wordIds: new Int32Array(),
        wordAttentionMask: new Int32Array(),
        entityIds: new Int32Array(),
        entityAttentionMask: new Int32Array(),
        entityPositionIds: new Int32Array(),
        maskedWordLabels: new Int32Array(),
        maskedEntityLabels: new Int32Array(),
      };
      const [some, none] = [new Int32Array(places), new Int32Array()];
      const asWords = { ...shape, entities: 0, maskedWordPositions: some, maskedEntityPositions: none };
      const asEntities = { ...shape, entities: 128, maskedWordPositions: none, maskedEntityPositions: some };
      for (const asked of [asWords, asEntities]) {
        assert.ok(capacities.some((capacity) => fits(asked, capacity)));
      }
    }
  }));
});

Deno.test("lengthBatches() keeps short texts from long ones", () => {
  const sizes = [300, 9, 12, 299, 17].map((words) => ({ words, places: 1 }));
  assert.deepEqual(lengthBatches(sizes, { words: 512 }), [[1, 2], [4], [3, 0]]);
});

Deno.test("inferenceCapacities() has a plan of 16 words for one short text", () => {
  const [smallest] = inferenceCapacities({ words: 512, mentionLength: 30, entities: 0 });
  assert.deepEqual(smallest, {
    rows: 1,
    words: 16,
    entities: 0,
    mentionLength: 30,
    maskedWords: 0,
    maskedEntities: 0,
  });
});

Deno.test("inferenceCapacities() of a network of fewer than 16 positions", () => {
  const capacities = inferenceCapacities({ words: 10, mentionLength: 3, entities: 0 });
  assert.ok(capacities.every(({ words }) => words === 10));
});
