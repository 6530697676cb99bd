import { deepEqual, equal } from "node:assert/strict";
import { EntityVocab } from "./entity_vocab.ts";
import { specialsFirst } from "./specials_first.ts";

function vocabulary(...titles: string[]): EntityVocab {
  return new EntityVocab(
    titles.map((title, id) => ({ id, entities: [[title, "en"] as [string, string]], count: 10 * id })),
  );
}

Deno.test("specialsFirst() moves special entities to 0, 1, 2 and keeps the order of the others", () => {
  const before = vocabulary("[MASK]", "[UNK]", "Earth", "[PAD]", "Moon");
  const { vocab, ids } = specialsFirst(before);
  deepEqual(Array.from(vocab.entries(), ({ entities, count }) => [entities[0]?.[0], count]), [
    ["[PAD]", 30],
    ["[UNK]", 10],
    ["[MASK]", 0],
    ["Earth", 20],
    ["Moon", 40],
  ]);
  for (const { id, entities: [entity] } of before.entries()) {
    equal(vocab.getId(...entity ?? ["", null]), ids?.[id]);
  }
});

Deno.test("specialsFirst() leaves a vocabulary that has them first", () => {
  const before = vocabulary("[PAD]", "[UNK]", "[MASK]", "Earth");
  const { vocab, ids } = specialsFirst(before);
  equal(vocab, before);
  equal(ids, undefined);
});
