import assert from "node:assert/strict";
import { seededSplit, splitShares, WHOLE } from "./page_split.ts";

const titles = Array.from({ length: 20_000 }, (_, i) => `Page ${i}`);

function shares(partOf: (title: string) => number, parts: number): number[] {
  const counts = new Array<number>(parts).fill(0);
  for (const title of titles) {
    const part = partOf(title);
    counts[part] = (counts[part] ?? NaN) + 1;
  }
  return counts.map((count) => count / titles.length);
}

Deno.test("seededSplit() gives each part its share within one per cent, for any seed", () => {
  for (const seed of [0, 1, 42]) {
    for (const given of [[0.8, 0.2], [80, 10, 10], [1, 1, 1, 1]]) {
      const split = seededSplit(given, seed);
      const sum = given.reduce((a, b) => a + b);
      shares(split.partOf, given.length).forEach((share, i) =>
        assert.ok(Math.abs(share - (given[i] ?? NaN) / sum) < 0.01, `${given} part ${i}: ${share}`)
      );
    }
  }
});

Deno.test("seededSplit() depends on seed and title alone", () => {
  const [first, again, other] = [seededSplit([4, 1], 7), seededSplit([0.8, 0.2], 7), seededSplit([4, 1], 8)];
  assert.deepEqual(titles.map(first.partOf), titles.map(again.partOf));
  assert.notDeepEqual(titles.map(first.partOf), titles.map(other.partOf));
  assert.deepEqual(["Rīga", "🤩", "", "A"].map(first.partOf), ["Rīga", "🤩", "", "A"].map(again.partOf));
});

Deno.test("seededSplit() names two parts and three, and numbers more", () => {
  assert.deepEqual(WHOLE.names, [""]);
  assert.deepEqual(seededSplit([1, 1], 0).names, ["train", "test"]);
  assert.deepEqual(seededSplit([1, 1, 1], 0).names, ["train", "validation", "test"]);
  assert.deepEqual(seededSplit([1, 1, 1, 1], 0).names, ["part1", "part2", "part3", "part4"]);
});

Deno.test("splitShares() reads shares and refuses what are none", () => {
  assert.deepEqual(splitShares("0.8/0.2"), [0.8, 0.2]);
  assert.deepEqual(splitShares("80 / 10/10"), [80, 10, 10]);
  for (const text of ["", "1", "0.5/", "0/1", "-1/2", "a/b", "1/Infinity"]) {
    assert.throws(() => splitShares(text), /two shares or more/, text);
  }
});
