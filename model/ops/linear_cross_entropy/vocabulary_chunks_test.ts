import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_LOGIT_BYTES, vocabularyChunks } from "./vocabulary_chunks.ts";

const MiB = 2 ** 20;

Deno.test("vocabularyChunks() covers the vocabulary in order, within the limits", () => {
  const positive = (max: number) => fc.integer({ min: 1, max });
  fc.assert(fc.property(
    positive(2e6),
    positive(1024),
    positive(2000),
    positive(256 * MiB),
    positive(256 * MiB),
    (vocabulary, width, rows, logitBytes, bindingBytes) => {
      const chunks = vocabularyChunks(vocabulary, width, rows, { logitBytes, bindingBytes });
      let next = 0;
      for (const { first, count } of chunks) {
        assert.equal(first, next);
        assert.equal(first % 64, 0);
        next += count;
        const holds = rows * count * 4 <= Math.min(logitBytes, bindingBytes) &&
          width * count * 4 <= bindingBytes;
        assert.ok(holds || count <= 64);
      }
      assert.equal(next, vocabulary);
      assert.ok(new Set(chunks.slice(0, -1).map(({ count }) => count)).size <= 1);
    },
  ));
});

Deno.test("vocabularyChunks() needs few chunks for the vocabularies of LUKE", () => {
  const limits = { logitBytes: DEFAULT_LOGIT_BYTES, bindingBytes: 128 * MiB };
  const count = (
    vocabulary: number,
    width: number,
    rows: number,
    bindingBytes = limits.bindingBytes,
  ): number => vocabularyChunks(vocabulary, width, rows, { ...limits, bindingBytes }).length;
  assert.equal(count(2000, 64, 160), 1);
  assert.equal(count(50265, 768, 160), 2); // the table passes 128 MiB
  assert.equal(count(50265, 768, 160, 2 ** 31), 1);
  assert.equal(count(50265, 768, 1229, 2 ** 31), 4);
  assert.equal(count(1_200_000, 256, 48, 2 ** 31), 4);
  assert.equal(count(1_200_000, 256, 48), 10);
});
