import { ok } from "node:assert/strict";

/** Chance that a sound draw is refused. Seeds are fixed, so a test that passes once passes always. */
const SIGNIFICANCE = 1e-3;

/** Cells in which fewer are expected are put together. */
const LEAST_EXPECTED = 5;

/** Counts of outcomes by their names. */
export type Counts = Readonly<Record<string, number>>;

/** How often each outcome comes up in `draws` draws. */
export function countOutcomes(draws: number, draw: (index: number) => string | number): Counts {
  const counts: Record<string, number> = {};
  for (let index = 0; index < draws; index++) {
    const outcome = draw(index);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** Equal shares for the outcomes. */
export function evenShares(outcomes: readonly (string | number)[]): Counts {
  return Object.fromEntries(outcomes.map((outcome) => [outcome, 1 / outcomes.length]));
}

/** The outcomes first … last, as {@linkcode evenShares} takes them. */
export function outcomesFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Pearson's test that counts come from a distribution: fails when counts so far off are rarer than one in a thousand, or when an
 * outcome without a share comes up.
 *
 * @param shares probabilities; they add up to 1.
 */
export function assertShares(counts: Counts, shares: Counts): void {
  const total = sum(Object.values(counts));
  ok(Math.abs(sum(Object.values(shares)) - 1) < 1e-9, "shares do not add up to 1");
  for (const outcome of Object.keys(counts)) ok((shares[outcome] ?? 0) > 0, `${outcome}: cannot be`);
  const cells = Object.entries(shares).map(([outcome, share]) => ({
    observed: counts[outcome] ?? 0,
    expected: share * total,
  }));
  const pooled = cells.filter(({ expected }) => expected >= LEAST_EXPECTED);
  const rare = cells.filter(({ expected }) => expected < LEAST_EXPECTED);
  const others = {
    observed: sum(rare.map(({ observed }) => observed)),
    expected: sum(rare.map(({ expected }) => expected)),
  };
  if (others.expected >= LEAST_EXPECTED) pooled.push(others);
  const statistic = sum(pooled.map(({ observed, expected }) => (observed - expected) ** 2 / expected));
  refuseRare(statistic, pooled.length - 1);
}

/** Pearson's test that two samples come from one distribution, whatever it is. Outcomes rare in both are put together. */
export function assertSameShares(one: Counts, other: Counts): void {
  const totals = [one, other].map((counts) => sum(Object.values(counts)));
  const [mine = 0, theirs = 0] = totals;
  const cells: [number, number][] = [];
  const rare: [number, number] = [0, 0];
  for (const outcome of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const pair: [number, number] = [one[outcome] ?? 0, other[outcome] ?? 0];
    if ((pair[0] + pair[1]) * Math.min(mine, theirs) / (mine + theirs) >= LEAST_EXPECTED) cells.push(pair);
    else {
      rare[0] += pair[0];
      rare[1] += pair[1];
    }
  }
  if ((rare[0] + rare[1]) * Math.min(mine, theirs) / (mine + theirs) >= LEAST_EXPECTED) cells.push(rare);
  const statistic = sum(
    cells.flatMap(([a, b]) =>
      [[a, mine], [b, theirs]].map(([observed = 0, total = 0]) => {
        const expected = (a + b) * total / (mine + theirs);
        return (observed - expected) ** 2 / expected;
      })
    ),
  );
  refuseRare(statistic, cells.length - 1);
}

function refuseRare(statistic: number, degreesOfFreedom: number): void {
  const p = degreesOfFreedom === 0 ? 1 : chiSquareTail(statistic, degreesOfFreedom);
  ok(p >= SIGNIFICANCE, `chi-square ${statistic.toFixed(1)} with ${degreesOfFreedom} degrees: p = ${p}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The chance that chi-square with so many degrees of freedom is at least `statistic`: the regularised Γ(k/2, x/2). */
export function chiSquareTail(statistic: number, degreesOfFreedom: number): number {
  const a = degreesOfFreedom / 2, x = statistic / 2;
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a, series = term;
    for (let n = 1; term > series * 1e-16; n++) series += term *= x / (a + n);
    return 1 - scale * series;
  }
  // Lentz's continued fraction.
  let b = x + 1 - a, c = 1e300, d = 1 / b, fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return scale * fraction;
}

/** ln Γ(a) for a > 0: Stirling's series after a step up to where it holds. */
function logGamma(a: number): number {
  let shift = 0;
  while (a < 10) shift -= Math.log(a++);
  const series = 1 / (12 * a) - 1 / (360 * a ** 3) + 1 / (1260 * a ** 5) - 1 / (1680 * a ** 7);
  return shift + (a - 0.5) * Math.log(a) - a + Math.log(2 * Math.PI) / 2 + series;
}
