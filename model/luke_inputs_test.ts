import assert from "node:assert/strict";
import type { BatchCapacity, LukeBatch } from "./luke_batch.ts";
import { encodeLukeBatch, wordPositionIds } from "./luke_inputs.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "./testdata_tiny_luke.ts";

const config = tinyLukeConfig();
const wider: BatchCapacity = {
  rows: 5,
  words: 9,
  entities: 4,
  mentionLength: 6,
  maskedWords: 10,
  maskedEntities: 10,
};

Deno.test("wordPositionIds() counts words after the pad id for RoBERTa, all places for BERT", () => {
  const ids = Int32Array.of(5, 6, 1, 1, 7, 8, 9, 1);
  const mask = Int32Array.of(1, 1, 0, 0, 1, 1, 1, 0);
  assert.deepEqual([...wordPositionIds(ids, mask, 4, "roberta", 1)], [2, 3, 1, 1, 2, 3, 4, 1]);
  assert.deepEqual([...wordPositionIds(ids, mask, 4, "bert", 1)], [0, 1, 2, 3, 0, 1, 2, 3]);
  // Padding inside an item isn't counted, either; nor does padding before it move it.
  const three = Int32Array.of(5, 1, 6);
  assert.deepEqual([...wordPositionIds(three, Int32Array.of(1, 0, 1), 3, "roberta", 1)], [2, 1, 3]);
  assert.deepEqual([...wordPositionIds(three, Int32Array.of(0, 0, 1), 3, "bert", 1)], [0, 1, 2]);
});

Deno.test("wordPositionIds() counts each item of a row anew", () => {
  const ids = Int32Array.of(5, 6, 7, 8, 1, 9, 1, 5, 6, 7, 8, 9, 2, 1);
  const mask = Int32Array.of(1, 1, 2, 2, 0, 2, 0, 1, 2, 3, 3, 3, 3, 0);
  assert.deepEqual(
    [...wordPositionIds(ids, mask, 7, "roberta", 1)],
    [2, 3, 2, 3, 1, 4, 1, 2, 2, 2, 3, 4, 5, 1],
  );
  assert.deepEqual([...wordPositionIds(ids, mask, 7, "bert", 1)], [0, 1, 0, 1, 2, 3, 4, 0, 0, 0, 1, 2, 3, 4]);
});

Deno.test("encodeLukeBatch() refuses items that are not numbered in their order, and entities of none", () => {
  const batch = tinyLukeBatch(config, 1);
  const faults: readonly [keyof LukeBatch, readonly number[], string][] = [
    [
      "wordAttentionMask",
      [2, 2, 2, 2, 2, 2],
      "row 0: a word of item 2 stands after item 0 in the attention mask",
    ],
    [
      "wordAttentionMask",
      [1, 1, 0, 3, 3, 3],
      "row 0: a word of item 3 stands after item 1 in the attention mask",
    ],
    [
      "wordAttentionMask",
      [1, 1, 2, 2, 1, 1],
      "row 0: a word of item 1 stands after item 2 in the attention mask",
    ],
    [
      "wordAttentionMask",
      [-1, 1, 1, 1, 1, 1],
      "row 0: a word of item -1 stands after item 0 in the attention mask",
    ],
    ["entityAttentionMask", [1, 2, 1], "row 0: an entity is of item 2 in the attention mask, of 1"],
    ["entityAttentionMask", [1, -1, 1], "row 0: an entity is of item -1 in the attention mask, of 1"],
  ];
  for (const [name, first, message] of faults) {
    const mask = batch[name];
    assert.ok(mask instanceof Int32Array);
    const changed = mask.slice();
    changed.set(first);
    assert.throws(
      () => encodeLukeBatch({ ...batch, [name]: changed }, TINY_CAPACITY, config),
      (error: Error) => error instanceof RangeError && error.message === message,
      message,
    );
  }
  const packed = { ...batch, wordAttentionMask: Int32Array.of(1, 1, 2, 2, 2, 3, 1, 1, 1, 1, 1, 0) };
  const entities = Int32Array.of(3, 1, 2, 1, 1, 0);
  const { mask } = encodeLukeBatch({ ...packed, entityAttentionMask: entities }, TINY_CAPACITY, config);
  assert.deepEqual([...mask.subarray(0, 9)], [1, 1, 2, 2, 2, 3, 3, 1, 2]);
});

Deno.test("encodeLukeBatch() lays a batch out as it is when it fills the capacity", () => {
  const batch = tinyLukeBatch(config, 1);
  const { lookups, mask, maskedWords, maskedEntities } = encodeLukeBatch(batch, TINY_CAPACITY, config);
  assert.deepEqual(lookups.words.ids, batch.wordIds);
  assert.deepEqual(lookups.entities.ids, batch.entityIds);
  assert.deepEqual(lookups.entityPositions.ids, batch.entityPositionIds);
  assert.deepEqual([...mask], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0]);
  assert.deepEqual([...maskedWords], [1, 5, 9 + 1, 9 + 4]);
  assert.deepEqual([...maskedEntities], [6, 9 + 6]);
});

Deno.test("encodeLukeBatch() pads to a wider capacity without moving anything", () => {
  const batch = tinyLukeBatch(config, 2);
  const encoded = encodeLukeBatch(batch, wider, config);
  const { lookups, mask } = encoded;
  const length = wider.words + wider.entities;
  for (let row = 0; row < batch.rows; row++) {
    for (let i = 0; i < wider.words; i++) {
      const inside = i < batch.words;
      const id = inside ? batch.wordIds[row * batch.words + i] : config.padTokenId;
      assert.equal(lookups.words.ids[row * wider.words + i], id);
      assert.equal(
        mask[row * length + i],
        inside ? batch.wordAttentionMask[row * batch.words + i] : 0,
      );
    }
    for (let e = 0; e < wider.entities; e++) {
      const inside = e < batch.entities;
      const from = row * batch.entities + e;
      const to = row * wider.entities + e;
      assert.equal(lookups.entities.ids[to], inside ? batch.entityIds[from] : 0);
      assert.equal(mask[row * length + wider.words + e], inside ? batch.entityAttentionMask[from] : 0);
      for (let j = 0; j < wider.mentionLength; j++) {
        const held = inside && j < batch.mentionLength;
        assert.equal(
          lookups.entityPositions.ids[to * wider.mentionLength + j],
          held ? batch.entityPositionIds[from * batch.mentionLength + j] : -1,
        );
      }
    }
  }
  // Masked places name the same words and entities, in the concatenated sequence.
  encoded.maskedWords.forEach((place, i) => {
    const flat = batch.maskedWordPositions[i] ?? NaN;
    assert.equal(place, Math.floor(flat / batch.words) * length + flat % batch.words);
  });
  encoded.maskedEntities.forEach((place, i) => {
    const flat = batch.maskedEntityPositions[i] ?? NaN;
    assert.equal(place, Math.floor(flat / batch.entities) * length + wider.words + flat % batch.entities);
  });
});

Deno.test("encodeLukeBatch() gives no gradient to padding ids and none to missing positions", () => {
  const batch = tinyLukeBatch(config, 3);
  const { lookups } = encodeLukeBatch(batch, wider, config);
  assert.ok(!lookups.words.runIds.includes(config.padTokenId));
  assert.ok(!lookups.wordPositions.runIds.includes(config.padTokenId));
  assert.ok(!lookups.entities.runIds.includes(0));
  assert.ok(!lookups.entityPositions.runIds.includes(-1));
  const entities = batch.entityPositionIds.length / batch.mentionLength;
  for (let entity = 0; entity < entities; entity++) {
    const start = entity * batch.mentionLength;
    const count = batch.entityPositionIds.subarray(start, start + batch.mentionLength).filter((p) =>
      p >= 0
    ).length;
    const row = Math.floor(entity / batch.entities) * wider.entities + entity % batch.entities;
    assert.equal(lookups.entityPositions.weights[row], Math.fround(count > 0 ? 1 / count : 0));
  }
  // BERT's positions are not padded, so all of them learn.
  const bert = encodeLukeBatch(batch, wider, tinyLukeConfig({ baseModelType: "bert" }));
  assert.deepEqual([...bert.lookups.wordPositions.runIds], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("encodeLukeBatch() takes a capacity wider than BERT's positions, but no word without one", () => {
  const bert: typeof config = { ...config, baseModelType: "bert", maxPositionEmbeddings: 6 };
  const batch = tinyLukeBatch(bert, 3);
  assert.equal(batch.words, 6);
  const { lookups } = encodeLukeBatch(batch, wider, bert);
  assert.ok(wider.words > 6);
  for (const [i, position] of lookups.wordPositions.ids.entries()) {
    assert.equal(position, Math.min(i % wider.words, 5));
  }
  assert.throws(
    () => encodeLukeBatch(batch, wider, { ...bert, maxPositionEmbeddings: 5 }),
    /word position 5 is outside the table of 5 rows/,
  );
});

Deno.test("encodeLukeBatch() refuses batches beyond the capacity and names the widths", () => {
  const batch = tinyLukeBatch(config, 4);
  for (
    const width of ["rows", "words", "entities", "mentionLength", "maskedWords", "maskedEntities"] as const
  ) {
    const capacity = { ...TINY_CAPACITY, [width]: TINY_CAPACITY[width] - 1 };
    assert.throws(() => encodeLukeBatch(batch, capacity, config), (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, /^the batch is beyond the plan's capacity: rows 2 of /);
      const name = width.replace("maskedW", "masked w").replace("maskedE", "masked e");
      const held =
        { rows: 2, words: 6, entities: 3, mentionLength: 4, maskedWords: 4, maskedEntities: 2 }[width];
      assert.ok(error.message.includes(`${name} ${held} of ${held - 1}`), error.message);
      return true;
    });
  }
});

Deno.test("encodeLukeBatch() refuses ids outside their tables", () => {
  const faults: readonly [string, keyof LukeBatch, number][] = [
    ["word id 19 is outside the table of 19 rows", "wordIds", 19],
    ["entity id 11 is outside the table of 11 rows", "entityIds", 11],
    ["entity position 20 is outside the table of 20 rows", "entityPositionIds", 20],
    ["word label 19 is outside the table of 19 rows", "maskedWordLabels", 19],
    ["entity label 11 is outside the table of 11 rows", "maskedEntityLabels", 11],
    ["entity id -2 is outside the table of 11 rows", "entityIds", -2],
    ["word type id 1 is outside the table of 1 rows", "wordTypeIds", 1],
    ["entity type id 1 is outside the table of 1 rows", "entityTypeIds", 1],
  ];
  for (const [message, field, id] of faults) {
    const batch = {
      ...tinyLukeBatch(config, 5),
      wordTypeIds: new Int32Array(12),
      entityTypeIds: new Int32Array(6),
    };
    const values = batch[field];
    assert.ok(values instanceof Int32Array);
    values[0] = id;
    assert.throws(() => encodeLukeBatch(batch, TINY_CAPACITY, config), { name: "RangeError", message });
  }
  const few = tinyLukeConfig({ maxPositionEmbeddings: 7 });
  assert.throws(() => encodeLukeBatch(tinyLukeBatch(config, 5), TINY_CAPACITY, few), {
    message: "word position 7 is outside the table of 7 rows",
  });
});

Deno.test("encodeLukeBatch() takes token types along, a batch without entities, and places without labels", () => {
  const typed = tinyLukeConfig({ typeVocabSize: 2 });
  const batch = tinyLukeBatch(typed, 6);
  const wordTypeIds = batch.wordIds.map((_, i) => i % 2);
  const { lookups } = encodeLukeBatch({ ...batch, wordTypeIds }, { ...TINY_CAPACITY, words: 8 }, typed);
  assert.deepEqual([...lookups.wordTypes.ids], [0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0]);
  assert.deepEqual(lookups.entityTypes.ids, new Int32Array(6));
  assert.throws(
    () => encodeLukeBatch({ ...batch, wordTypeIds: wordTypeIds.slice(1) }, TINY_CAPACITY, typed),
    { name: "RangeError", message: "11 word type ids for 12 places" },
  );

  const wordsOnly = tinyLukeConfig({ entityVocabSize: 0 });
  const words = { ...tinyLukeBatch(wordsOnly, 6), maskedWordLabels: new Int32Array() };
  assert.equal(words.entities, 0);
  for (const entities of [0, 3]) {
    const encoded = encodeLukeBatch(words, { ...TINY_CAPACITY, entities }, config);
    assert.deepEqual(
      encoded.mask.subarray(0, 6 + entities),
      Int32Array.of(1, 1, 1, 1, 1, 1, ...Array(entities).fill(0)),
    );
    assert.deepEqual([...encoded.wordLabels], [-1, -1, -1, -1]);
    assert.equal(encoded.entityLabels.length, 0);
  }
});

Deno.test("encodeLukeBatch() refuses masked places that are outside, double or without a label", () => {
  const batch = tinyLukeBatch(config, 1);
  const places = (...positions: number[]): LukeBatch => ({
    ...batch,
    maskedWordPositions: Int32Array.from(positions),
    maskedWordLabels: new Int32Array(2),
  });
  for (
    const [changed, message] of [
      [places(0, 10_000), /outside the batch/],
      [places(-1, 1), /outside the batch/],
      [places(1, 1), /stands twice/],
      [places(1), /1 masked word positions have 2 labels/],
      [{ ...batch, wordIds: batch.wordIds.map((id, i) => i === 0 ? -1 : id) }, /word id -1/],
    ] as const
  ) {
    assert.throws(() => encodeLukeBatch(changed, wider, config), message);
  }
});

Deno.test("encodeLukeBatch() takes a row of several items that is longer than the table of positions", () => {
  const words = tinyLukeConfig({ entityVocabSize: 0, baseModelType: "bert", maxPositionEmbeddings: 2 });
  const none = new Int32Array();
  const batch: LukeBatch = {
    ...{ rows: 1, words: 6, entities: 0, mentionLength: 1 },
    wordIds: Int32Array.of(5, 6, 7, 8, 1, 1),
    wordAttentionMask: Int32Array.of(1, 1, 2, 2, 0, 0),
    ...{ entityIds: none, entityAttentionMask: none, entityPositionIds: none },
    ...{ maskedWordPositions: none, maskedWordLabels: none },
    ...{ maskedEntityPositions: none, maskedEntityLabels: none },
  };
  const capacity = { rows: 1, words: 7, entities: 0, mentionLength: 1, maskedWords: 1, maskedEntities: 0 };
  assert.deepEqual([...encodeLukeBatch(batch, capacity, words).mask], [1, 1, 2, 2, 0, 0, 0]);
  const attended = { ...batch, wordAttentionMask: Int32Array.of(1, 1, 1, 0, 0, 0) };
  assert.throws(() => encodeLukeBatch(attended, capacity, words), /word position 2 is outside the table/);
});
