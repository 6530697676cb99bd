import type { Device, View } from "../device.ts";
import { copyStream, CPU_CHAINS, multiplyAddChains, UNROLLED_ROUNDS } from "./ceiling_kernels.ts";
import { alternate, type Contender, dispatchContender, median } from "./contender.ts";

/** What a device can do at most, as loops that do nothing else have shown. */
export interface Ceiling {
  /** f32 multiply-adds, two operations each: GFLOP/s. */
  readonly gflops: number;
  /** A copy from memory to memory, bytes read and written: GB/s. */
  readonly gigabytes: number;
}

/** A contender that holds memory. */
export type Measured = Contender & Disposable;

/** A turn takes at least so long (ms): what starting a dispatch costs must not count. */
const TURN_MILLISECONDS = 8;

/** Outputs of the multiply-add loop: tiles for the workers of a processor, threads to fill a GPU. */
const LOOPS = { cpu: 64, gpu: 2 ** 20 } as const;

/** Bytes of each end of a copy: beyond every cache. */
const COPY_BYTES = 128 * 2 ** 20;

/** Vectors under way in a GPU thread, and whether `fma()` is written: what is fastest differs between compilers. */
const VARIANTS = [[2, 0], [4, 0], [4, 1], [8, 1]] as const;

/** Whether a device runs the WGSL of kernels. */
export function runsShaders({ kind }: Device): boolean {
  return kind === "webgpu" || kind === "dawn";
}

/** The multiply-add loop in the varieties that may be the fastest on this device. */
export async function multiplyAddContenders(device: Device): Promise<Measured[]> {
  const variants = runsShaders(device) ? VARIANTS : [[CPU_CHAINS, 0]] as const;
  const contenders: Measured[] = [];
  for (const [chains, fused] of variants) contenders.push(await multiplyAdd(device, chains, fused));
  return contenders;
}

async function multiplyAdd(device: Device, chains: number, fused: number): Promise<Measured> {
  const count = runsShaders(device) ? LOOPS.gpu : LOOPS.cpu;
  const allocations = [
    device.allocate("factors", "f32", 64),
    device.allocate("sums of chains", "f32", Math.max(count, 64)),
  ];
  const views = allocations.map((allocation): View => ({ allocation, offset: 0, length: allocation.length }));
  const [factors] = allocations;
  if (factors) device.write(factors, 0, Float32Array.of(0.75, 0.5));
  const capacity = 2 ** 24;
  const dispatch = {
    kernel: multiplyAddChains,
    views,
    sizes: { count, iterations: { scalar: "iterations", times: 1, capacity }, chains, fused },
  };
  const prepare = (iterations: number): Promise<Measured> =>
    dispatchContender(device, "multiply-add", [dispatch], { iterations }, 8 * count * chains * iterations);
  let iterations = UNROLLED_ROUNDS;
  for (;;) {
    using trial = await prepare(iterations);
    await trial.run();
    const time = Math.min(await trial.run(), await trial.run());
    if (time >= TURN_MILLISECONDS || iterations >= capacity) break;
    const factor = Math.ceil(Math.min(64, Math.max(2, TURN_MILLISECONDS / Math.max(time, 1e-3))));
    iterations = Math.min(capacity, iterations * factor);
  }
  return freeing(device, allocations, await prepare(iterations));
}

/** The copy loop. */
async function copyContender(device: Device): Promise<Measured> {
  const length = Math.floor(Math.min(COPY_BYTES, device.maxBindingBytes) / 256) * 64;
  const allocations = ["copied", "copy"].map((label) => device.allocate(label, "f32", length));
  const views = allocations.map((allocation): View => ({ allocation, offset: 0, length }));
  const dispatch = { kernel: copyStream, views, sizes: { count: length } };
  return freeing(device, allocations, await dispatchContender(device, "copy", [dispatch], {}, 8 * length));
}

/** Measures both ceilings: the fastest variety's median of nine turns. */
export async function measureCeiling(device: Device): Promise<Ceiling> {
  const loops = await multiplyAddContenders(device);
  const copy = await copyContender(device);
  try {
    const times = await alternate([...loops, copy]);
    const rates = [...loops, copy].map(({ work }, i) => work / median(times[i] ?? []) / 1e6);
    return { gflops: Math.max(...rates.slice(0, -1)), gigabytes: rates.at(-1) ?? NaN };
  } finally {
    for (const one of [...loops, copy]) one[Symbol.dispose]();
  }
}

/** A contender that also frees the memory it works on. */
export function freeing(
  device: Device,
  allocations: readonly View["allocation"][],
  contender: Measured,
): Measured {
  return {
    ...contender,
    [Symbol.dispose]() {
      contender[Symbol.dispose]();
      for (const allocation of allocations) device.free(allocation);
    },
  };
}
