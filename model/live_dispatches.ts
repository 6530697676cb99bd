import type { Dispatch, Scalars } from "./device.ts";

/**
 * Which dispatches of a program have to be resolved again for a run: at first all, then those with a live size whose scalar has
 * changed since the run before. A step so costs the host little.
 */
export class LiveDispatches {
  readonly #count: number;
  readonly #byScalar = new Map<string, number[]>();
  #last: Scalars | undefined;

  /** Notes which scalars each dispatch reads. */
  constructor(dispatches: readonly Dispatch[]) {
    this.#count = dispatches.length;
    dispatches.forEach(({ sizes }, i) => {
      for (const size of Object.values(sizes)) {
        if (typeof size === "number") continue;
        const readers = this.#byScalar.get(size.scalar);
        if (!readers) this.#byScalar.set(size.scalar, [i]);
        else if (readers.at(-1) !== i) readers.push(i);
      }
    });
  }

  /** Calls `resolve` with the number of each dispatch to resolve. When it throws, the next call begins anew. */
  update(scalars: Scalars, resolve: (dispatch: number) => void): void {
    const last = this.#last;
    this.#last = undefined;
    if (!last) {
      for (let i = 0; i < this.#count; i++) resolve(i);
    } else {
      const changed = new Set<number>();
      for (const [scalar, readers] of this.#byScalar) {
        if (last[scalar] !== scalars[scalar]) { for (const i of readers) changed.add(i); }
      }
      for (const i of changed) resolve(i);
    }
    this.#last = { ...scalars };
  }
}
