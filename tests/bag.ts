/** Strings and how often each occurs. */
export class Bag {
  readonly #counts = new Map<string, number>();

  /** The bag of `items`. */
  constructor(items: Iterable<string> = []) {
    for (const item of items) this.add(item);
  }

  /** Puts `count` of `item` in. */
  add(item: string, count = 1): void {
    this.#counts.set(item, this.count(item) + count);
  }

  /** How many of `item` there are. */
  count(item: string): number {
    return this.#counts.get(item) ?? 0;
  }

  /** Takes up to `count` of `item` out; returns how many. */
  take(item: string, count = 1): number {
    const taken = Math.min(count, this.count(item));
    if (taken > 0) this.#counts.set(item, this.count(item) - taken);
    return taken;
  }

  /** The items of which there are any, with their counts, the most frequent first. */
  entries(): [item: string, count: number][] {
    return [...this.#counts].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  }

  /** How many items there are, each counted as often as it occurs. */
  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }
}
