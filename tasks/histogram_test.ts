import { deepEqual, equal, ok } from "node:assert/strict";
import { distributionOf, groupedShare, histogramLines, realShare } from "./histogram.ts";

Deno.test("distributionOf() finds mean, median, ninth decile and maximum", () => {
  const values = [1, 1, 2, 3, 3, 3, 4, 10, 10, 30];
  const counts = new Float64Array(40);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  const { counts: _, ...facts } = distributionOf(counts);
  deepEqual(facts, { total: 10, mean: 6.7, median: 3, percentile90: 10, max: 30 });
  deepEqual(distributionOf([0, 0]), { total: 0, mean: 0, median: 0, percentile90: 0, max: 0, counts: [0] });
});

Deno.test("histogramLines() has at most twelve bars, which hold all values, whatever their range", () => {
  for (
    const [first, last] of [[0, 0], [3, 14], [3, 15], [0, 127], [95, 107], [0, 510], [7, 100_000]] as const
  ) {
    const counts = new Float64Array(last + 1);
    for (let value = first; value <= last; value++) counts[value] = 1;
    const distribution = distributionOf(counts);
    const lines = histogramLines(distribution);
    ok(lines.length <= 12, `${first}…${last}: ${lines.length}`);
    const shown = lines.map((line) => Number(/ ([\d,]+) \(/.exec(line)?.[1]?.replaceAll(",", "")));
    equal(shown.reduce((sum, count) => sum + count), distribution.total);
  }
  deepEqual(histogramLines(distributionOf([0, 2, 1])), [
    `1  ${"█".repeat(40)}  2 (66.7 %)`,
    `2  ${"█".repeat(20)}${" ".repeat(20)}  1 (33.3 %)`,
  ]);
  deepEqual(histogramLines(distributionOf([])), []);
});

Deno.test("realShare() is the expected share of words that are no padding", () => {
  // Lengths 1 and 3, two rows: the longest is 1 in a quarter of the batches, else 3.
  const share = realShare(distributionOf([0, 1, 0, 1]), 2, 2);
  ok(Math.abs(share - (2 + 2) / (0.25 * 1 + 0.75 * 3 + 2)) < 1e-12);
  equal(realShare(distributionOf([0, 0, 0, 5]), 32, 2), 1);
  equal(realShare(distributionOf([]), 8, 2), 1);
});

Deno.test("groupedShare() fills rows up to the longest of each group only", () => {
  // Lengths 1, 1, 2, 4: in two groups to 1 and 4, in four not at all.
  const lengths = distributionOf([0, 2, 1, 0, 1]);
  equal(groupedShare(lengths, 2, 0), 8 / (1 + 1 + 4 + 4));
  equal(groupedShare(lengths, 4, 2), 1);
  equal(groupedShare(lengths, 1, 2), (2 + 2) / (4 + 2));
  equal(groupedShare(distributionOf([]), 64, 2), 1);
});
