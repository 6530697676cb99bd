/**
 * The normalization table of a SentencePiece model (`precompiled_charsmap`): a double-array trie from byte sequences to
 * zero-terminated replacements.
 */
export class PrecompiledCharsmap {
  readonly #trie: Uint32Array;
  readonly #replacements: Uint8Array;
  // Text has few different characters; the memory is cleared before it grows large.
  readonly #known = new Map<string, string | undefined>();

  /** @throws {RangeError} when the bytes are no such table. */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 1;
    if (trieBytes % 4 !== 0 || trieBytes === 0 || trieBytes > bytes.length - 4) {
      throw new RangeError("the table of normalizations (precompiled_charsmap) is damaged");
    }
    this.#trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
    this.#replacements = bytes.slice(4 + trieBytes);
  }

  /**
   * The replacement of the *shortest* prefix of `part` that the table knows, in the place of all of `part`; `undefined` when it
   * knows none. That is how Hugging Face tokenizers reads the table.
   */
  transform(part: string): string | undefined {
    let replacement = this.#known.get(part);
    if (replacement === undefined && !this.#known.has(part)) {
      if (this.#known.size > 1 << 16) this.#known.clear();
      this.#known.set(part, replacement = this.#find(part));
    }
    return replacement;
  }

  #find(part: string): string | undefined {
    const trie = this.#trie;
    let node = 0;
    let unit = trie[node] ?? 0;
    node ^= offset(unit);
    for (const byte of new TextEncoder().encode(part)) {
      if (byte === 0) return undefined;
      node ^= byte;
      unit = trie[node] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      node ^= offset(unit);
      if ((unit >>> 8 & 1) === 1) return this.#replacement((trie[node] ?? 0) & 0x7fffffff);
    }
    return undefined;
  }

  #replacement(start: number): string {
    const end = this.#replacements.indexOf(0, start);
    return new TextDecoder().decode(this.#replacements.subarray(start, end < 0 ? undefined : end));
  }
}

function offset(unit: number): number {
  return unit >>> 10 << ((unit & 0x200) >>> 6);
}
