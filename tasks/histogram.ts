import { quantity } from "./progress.ts";

/** How often each whole number from 0 on occurs, and what follows from it. */
export interface Distribution {
  /** Values in all. */
  readonly total: number;
  /** Their mean; 0 where there are none. */
  readonly mean: number;
  /** Half of the values are at most this. */
  readonly median: number;
  /** Nine tenths of the values are at most this. */
  readonly percentile90: number;
  /** The largest value. */
  readonly max: number;
  /** How often value i occurs. */
  readonly counts: readonly number[];
}

/** The distribution of values that occur `counts[value]` times. */
export function distributionOf(counts: ArrayLike<number>): Distribution {
  let total = 0, sum = 0, max = 0;
  for (let value = 0; value < counts.length; value++) {
    const count = counts[value] ?? 0;
    total += count;
    sum += count * value;
    if (count > 0) max = value;
  }
  const atMost = (share: number): number => {
    for (let value = 0, seen = 0; value <= max; value++) {
      seen += counts[value] ?? 0;
      if (seen >= share * total) return value;
    }
    return max;
  };
  return {
    total,
    mean: total === 0 ? 0 : sum / total,
    median: atMost(0.5),
    percentile90: atMost(0.9),
    max,
    counts: Array.from({ length: max + 1 }, (_, value) => counts[value] ?? 0),
  };
}

/**
 * The share of real words in rows that are filled up to the longest of `rows` items drawn at random.
 *
 * @param added words that every item has besides those counted: `[CLS]` and `[SEP]`.
 */
export function realShare({ counts, total, mean }: Distribution, rows: number, added: number): number {
  // The mean of the maximum: the sum over lengths of the probability that one of the rows is longer.
  let longest = 0, below = 0;
  for (const count of counts.slice(0, -1)) {
    below += count;
    longest += 1 - (below / total) ** rows;
  }
  return total === 0 ? 1 : (mean + added) / (longest + added);
}

/**
 * The share of real words where items are sorted by length and cut into `groups` of equal size, whose rows are filled up to the
 * longest of the group.
 */
export function groupedShare({ counts, total, mean }: Distribution, groups: number, added: number): number {
  if (total === 0) return 1;
  let longest = 0, seen = 0, value = -1;
  for (let group = 1; group <= groups; group++) {
    while (seen < group * total / groups) seen += counts[++value] ?? 0;
    longest += value / groups;
  }
  return (mean + added) / (longest + added);
}

const MOST_BARS = 12;
const BAR_COLUMNS = 40;

/** The distribution as bars of text, at most twelve lines. */
export function histogramLines({ counts, total, max }: Distribution): string[] {
  if (total === 0) return [];
  const first = counts.findIndex((count) => count > 0);
  const width = binWidth(max - first + 1);
  const bins: { readonly label: string; readonly count: number }[] = [];
  for (let from = Math.floor(first / width) * width; from <= max; from += width) {
    const to = from + width - 1;
    const count = counts.slice(from, to + 1).reduce((sum, value) => sum + value, 0);
    bins.push({ label: width === 1 ? `${from}` : `${from}–${to}`, count });
  }
  const columns = Math.max(...bins.map(({ label }) => label.length));
  const most = Math.max(...bins.map(({ count }) => count));
  return bins.map(({ label, count }) =>
    `${label.padStart(columns)}  ${bar(count / most)}  ${quantity(count)} (${
      (100 * count / total).toFixed(1)
    } %)`
  );
}

/** 1, 2, 5, 10, 20, … so that there are at most twelve bins, whatever value the first begins at. */
function binWidth(values: number): number {
  for (let power = 1;; power *= 10) {
    for (const width of [power, 2 * power, 5 * power]) {
      if (Math.ceil(values / width) + (width === 1 ? 0 : 1) <= MOST_BARS) return width;
    }
  }
}

/** A bar in eighths of a column. */
function bar(share: number): string {
  const eighths = Math.round(8 * BAR_COLUMNS * share);
  const text = "█".repeat(eighths >> 3) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths & 7];
  return text.padEnd(BAR_COLUMNS);
}
