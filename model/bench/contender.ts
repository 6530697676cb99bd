import type { Device, Dispatch, Scalars } from "../device.ts";

/** Something whose speed is measured beside others. */
export interface Contender {
  /** For people. */
  readonly name: string;
  /** Floating-point operations, or bytes, of one turn. */
  readonly work: number;
  /** Takes a turn; milliseconds. */
  run(): Promise<number>;
}

/** Turns that figures are the median of. */
export const TURNS = 9;

/** The middle of the values in order; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/**
 * Lets all take a turn, then again, after one that does not count: what disturbs a machine so disturbs all of them. Returns each
 * one's turns in milliseconds.
 */
export async function alternate(
  contenders: readonly Contender[],
  turns: number = TURNS,
): Promise<number[][]> {
  const times = contenders.map((): number[] => []);
  for (let turn = -1; turn < turns; turn++) {
    for (const [i, contender] of contenders.entries()) {
      const time = await contender.run();
      if (turn >= 0) times[i]?.push(time);
    }
  }
  return times;
}

/** A compiled list of dispatches as a contender: its time is the sum of its dispatches'. */
export async function dispatchContender(
  device: Device,
  name: string,
  dispatches: readonly Dispatch[],
  scalars: Scalars,
  work: number,
): Promise<Contender & Disposable> {
  const program = await device.compile(dispatches);
  return {
    name,
    work,
    async run() {
      const { milliseconds } = await device.profile(program, scalars);
      return milliseconds.reduce((sum, time) => sum + time, 0);
    },
    [Symbol.dispose]: () => device.release(program),
  };
}
