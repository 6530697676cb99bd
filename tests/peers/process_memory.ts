import { readdirSync, readFileSync } from "node:fs";

/** Resident memory, in bytes, of a process and all those that it started; what several of them share counts once (Linux). */
export function processTreeMemory(pid: number): number {
  let sum = 0;
  try {
    const memory = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    sum = 1024 * Number(/^Pss:\s*(\d+) kB/m.exec(memory)?.[1] ?? 0);
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8");
      for (const child of children.match(/\d+/g) ?? []) sum += processTreeMemory(Number(child));
    }
  } catch {
    // it has ended
  }
  return sum;
}

/** Runs `work` and looks every 50 ms how much memory the process has, with those that it started; gives the most. */
export async function peakMemory<T>(pid: number, work: Promise<T>): Promise<{ result: T; peak: number }> {
  let peak = 0;
  const watch = setInterval(() => peak = Math.max(peak, processTreeMemory(pid)), 50);
  try {
    return { result: await work, peak };
  } finally {
    clearInterval(watch);
  }
}
