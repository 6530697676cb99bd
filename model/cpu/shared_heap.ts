/** Every block begins at a multiple of this many bytes, as WebGPU views do. */
const ALIGNMENT = 256;

/** A WebAssembly memory of 32-bit addresses ends here. */
const MAX_BYTES = 2 ** 32 - 65536;

/** Room past every block that a kernel's last vector may read. */
const SLACK = 64;

/** First-fit allocation in a growing WebAssembly memory. */
export class SharedHeap {
  /** The memory that kernels see. */
  readonly memory: WebAssembly.Memory;
  /** Bytes allocated and not freed. */
  allocatedBytes = 0;
  #free: { begin: number; end: number }[] = [];
  #end = 65536; // below lies what the compiler places
  readonly #sizes = new Map<number, number>();

  /** Makes a memory that workers can share. */
  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
  }

  /** Reserves zeroed bytes and returns their address. Throws a RangeError when the address space is used up. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + SLACK) / ALIGNMENT) * ALIGNMENT;
    const index = this.#free.findIndex(({ begin, end }) => end - begin >= size);
    const hole = this.#free[index];
    let begin: number;
    if (hole) {
      begin = hole.begin;
      if (hole.end - begin === size) this.#free.splice(index, 1);
      else this.#free[index] = { begin: begin + size, end: hole.end };
      new Uint8Array(this.memory.buffer, begin, size).fill(0);
    } else {
      begin = this.#end;
      if (begin + size > MAX_BYTES) {
        throw new RangeError(
          `the cpu device addresses 4 GiB; ${this.allocatedBytes} bytes are in use, ${size} more are needed`,
        );
      }
      const known = this.memory.buffer.byteLength;
      if (begin + size > known) this.memory.grow(Math.ceil((begin + size - known) / 65536));
      this.#end += size;
      // What was freed at the end may have been used; what has just grown is zero.
      if (begin < known) new Uint8Array(this.memory.buffer, begin, Math.min(size, known - begin)).fill(0);
    }
    this.#sizes.set(begin, size);
    this.allocatedBytes += size;
    return begin;
  }

  /** Gives a block back. */
  free(begin: number): void {
    const size = this.#sizes.get(begin);
    if (size === undefined) throw new RangeError(`address ${begin} is not allocated`);
    this.#sizes.delete(begin);
    this.allocatedBytes -= size;
    this.#free.push({ begin, end: begin + size });
    this.#free.sort((a, b) => a.begin - b.begin);
    const merged: { begin: number; end: number }[] = [];
    for (const hole of this.#free) {
      const last = merged.at(-1);
      if (last && last.end === hole.begin) last.end = hole.end;
      else merged.push({ ...hole });
    }
    const tail = merged.at(-1);
    if (tail?.end === this.#end) {
      this.#end = tail.begin;
      merged.pop();
    }
    this.#free = merged;
  }
}
