/** A compiled list as workers see it. All offsets are bytes into the shared memory. */
export interface ReplayProgram {
  /** Number of the program on its device. */
  readonly id: number;
  /** The kernel of each dispatch. */
  readonly kernels: readonly string[];
  /** Where each dispatch's parameter block lies. */
  readonly blocks: readonly number[];
  /** Three i32 arrays of one element a dispatch: number of tiles, next tile to take, workers that are through. */
  readonly control: number;
}

/** A kernel as WebAssembly exports it. */
export type KernelFunction = (block: number, tile: number) => void;

/** Turns around this many times before a worker goes to sleep at a barrier. */
const SPINS = 2000;

/** Asleep, a worker looks this often (ms) whether another has failed. */
const PATIENCE = 100;

/**
 * Replays a program as one of `workers` workers. Tiles are taken from a shared counter, so that a disturbed core does less;
 * which worker computes a tile changes no bits. Every dispatch ends with a barrier. `failed` points at an i32 that is set when a
 * worker has thrown. `stamps`, one longer than the program, gets the time at the begin and after each dispatch.
 */
export function replay(
  memory: WebAssembly.Memory,
  functions: readonly KernelFunction[],
  program: ReplayProgram,
  workers: number,
  failed: number,
  stamps?: Float64Array,
): void {
  const words = new Int32Array(memory.buffer);
  const length = functions.length;
  const tiles = program.control >>> 2;
  const next = tiles + length;
  const through = next + length;
  if (stamps) stamps[0] = performance.now();
  for (let i = 0; i < length; i++) {
    const kernel = functions[i];
    const block = program.blocks[i];
    const total = words[tiles + i];
    if (kernel === undefined || block === undefined || total === undefined) {
      throw new RangeError(`dispatch ${i} is not in the shared memory`);
    }
    if (total !== 0) {
      for (;;) {
        const tile = Atomics.add(words, next + i, 1);
        if (tile >= total) break;
        kernel(block, tile);
      }
      // Unless it is timed, the last needs no barrier: the device waits for every worker's answer.
      if (workers > 1 && (i < length - 1 || stamps)) barrier(words, through + i, workers, failed >>> 2);
    }
    if (stamps) stamps[i + 1] = performance.now();
  }
}

/** Waits until all workers have come to the barrier that is counted at `place`. */
function barrier(words: Int32Array, place: number, workers: number, failed: number): void {
  if (Atomics.add(words, place, 1) + 1 === workers) {
    Atomics.notify(words, place);
    return;
  }
  for (let spin = 0; spin < SPINS && Atomics.load(words, place) < workers; spin++);
  for (;;) {
    const arrived = Atomics.load(words, place);
    if (arrived >= workers) return;
    Atomics.wait(words, place, arrived, PATIENCE);
    if (Atomics.load(words, failed) !== 0) throw new Error("another worker has failed");
  }
}
