/** A binary heap of numbers that yields first what `before` puts first. */
export class MaxHeap {
  readonly #items: number[] = [];
  readonly #before: (a: number, b: number) => boolean;

  /** `before(a, b)`: whether `a` comes out before `b`. It must not change for items in the heap. */
  constructor(before: (a: number, b: number) => boolean) {
    this.#before = before;
  }

  /** Adds an item. */
  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above] ?? 0;
      if (!this.#before(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  /** Takes out the first item; `undefined` when there is none. */
  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#before(items[below + 1] ?? 0, items[below] ?? 0)) below++;
      const child = items[below] ?? 0;
      if (!this.#before(child, last)) break;
      items[at] = child;
      at = below;
    }
    items[at] = last;
    return top;
  }
}
