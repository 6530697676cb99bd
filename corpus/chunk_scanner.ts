/** No element of a dump that the reader wants whole is longer than this, in UTF-16 units: MediaWiki limits a text to 2 MiB. */
const MAX_HELD = 1 << 26;

/** A forward-only view of a stream of text that holds no more than what has not been consumed yet. */
export class ChunkScanner {
  readonly #source: AsyncIterator<string, void, void>;
  #buffer = "";
  #at = 0;
  #ended = false;
  #consumed = 0;

  constructor(source: AsyncIterator<string, void, void>) {
    this.#source = source;
  }

  /** UTF-16 units consumed so far. */
  get position(): number {
    return this.#consumed + this.#at;
  }

  /** Consumes what comes before `marker`, and `marker`; returns the former. Undefined, at the end of the stream, if it never comes. */
  readUntil(marker: string): string | undefined | Promise<string | undefined> {
    const found = this.#buffer.indexOf(marker, this.#at);
    if (found < 0) return this.#readUntilSlowly(marker);
    const text = this.#buffer.slice(this.#at, found);
    this.#at = found + marker.length;
    return text;
  }

  /** Consumes up to and including `marker` without keeping it; false, at the end of the stream, if it never comes. */
  async skipPast(marker: string): Promise<boolean> {
    for (;;) {
      const found = this.#buffer.indexOf(marker, this.#at);
      if (found >= 0) {
        this.#at = found + marker.length;
        return true;
      }
      this.#at = Math.max(this.#at, this.#buffer.length - marker.length + 1);
      if (!(await this.#more())) return false;
    }
  }

  /** Whether anything is left. */
  async hasMore(): Promise<boolean> {
    return this.#at < this.#buffer.length || await this.#more();
  }

  async #readUntilSlowly(marker: string): Promise<string | undefined> {
    for (;;) {
      // The marker may straddle the border to the next chunk.
      const from = Math.max(0, this.#buffer.length - this.#at - marker.length + 1);
      if (this.#buffer.length - this.#at > MAX_HELD || !(await this.#more())) return undefined;
      const found = this.#buffer.indexOf(marker, this.#at + from);
      if (found >= 0) {
        const text = this.#buffer.slice(this.#at, found);
        this.#at = found + marker.length;
        return text;
      }
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#source.next();
    if (done) {
      this.#ended = true;
      return false;
    }
    this.#consumed += this.#at;
    this.#buffer = this.#buffer.slice(this.#at) + value;
    this.#at = 0;
    return true;
  }
}
