const FREE = 0xffffffff;

/** A map from whole numbers below 2^32 − 1 to such numbers, in flat memory: an engine's map ends at 2^24 entries. */
export class ItemNumbers {
  #keys = new Uint32Array(1024).fill(FREE);
  #values = new Uint32Array(1024);
  #size = 0;

  /** The value of a key. */
  get(key: number): number | undefined {
    const slot = this.#slot(key);
    return this.#keys[slot] === FREE ? undefined : this.#values[slot];
  }

  /** Sets the value of a key. */
  set(key: number, value: number): void {
    if (2 * ++this.#size > this.#keys.length) this.#grow();
    const slot = this.#slot(key);
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    const hash = Math.imul(key, 0x9e3779b1);
    let slot = (hash ^ hash >>> 15) & mask;
    while (this.#keys[slot] !== FREE && this.#keys[slot] !== key) slot = slot + 1 & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Uint32Array(2 * keys.length).fill(FREE);
    this.#values = new Uint32Array(2 * keys.length);
    keys.forEach((key, i) => {
      if (key === FREE) return;
      const slot = this.#slot(key);
      this.#keys[slot] = key;
      this.#values[slot] = values[i] ?? 0;
    });
  }
}
