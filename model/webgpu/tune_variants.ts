import { alternate, type Contender, dispatchContender, median } from "../bench/contender.ts";
import type { Dispatch, View } from "../device.ts";
import type { DType, Kernel, Size } from "../kernel.ts";
import { capacityOf } from "../kernel.ts";
import { uniformGenerator } from "../random_normal.ts";
import { tuningKey } from "./kernel_choice.ts";
import type { TuningTable } from "./tuning_table.ts";
import type { WebGPUDevice } from "./webgpu_device.ts";

/** Variants that take this many times as long as the fastest so far drop out after their first turn. */
const HOPELESS = 2;

/** One class of shapes, as it was measured. */
export interface TunedClass {
  /** Its name in tables of tuning. */
  readonly key: string;
  /** The variant that runs without tuning. */
  readonly builtIn: string;
  /** The variant that was the fastest. */
  readonly fastest: string;
  /** Median milliseconds of a dispatch by variant, without those that dropped out. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** How much to measure. */
export interface TuningOptions {
  /** Turns of which the median counts; 5 unless given. */
  readonly turns?: number;
  /** What counts as the time of a variant: the milliseconds that were measured, unless given. */
  clock?(variant: string, milliseconds: number): number;
  /** Hears of each class when it is done. */
  onClass?(tuned: TunedClass, done: number, total: number): void;
}

/**
 * Finds the fastest variant of every kernel and class of shapes in a list of dispatches, such as the programs of a
 * {@linkcode PlanningDevice} hold; the largest dispatch speaks for its class. Memory is taken for one dispatch at a time, its
 * contents are noise. Live sizes are at their capacity. Variants take turns, and the one with the smallest median wins.
 */
export async function tuneVariants(
  device: WebGPUDevice,
  dispatches: readonly Dispatch[],
  options: TuningOptions = {},
): Promise<TuningTable> {
  const classes = new Map<string, Dispatch>();
  for (const dispatch of dispatches) {
    if (!dispatch.kernel.variants) continue;
    const key = tuningKey(dispatch);
    const known = classes.get(key);
    if (!known || work(known) < work(dispatch)) classes.set(key, dispatch);
  }
  const table: Record<string, string> = {};
  let done = 0;
  for (const [key, dispatch] of classes) {
    const tuned = await tuneClass(device, key, dispatch, options);
    if (tuned) {
      table[key] = tuned.fastest;
      options.onClass?.(tuned, ++done, classes.size);
    }
  }
  return table;
}

async function tuneClass(
  device: WebGPUDevice,
  key: string,
  dispatch: Dispatch,
  { turns = 5, clock = (_, milliseconds) => milliseconds }: TuningOptions,
): Promise<TunedClass | undefined> {
  const variants = dispatch.kernel.variants?.list(dispatch.sizes, device.adapter) ?? [];
  const [builtIn] = variants;
  if (!builtIn || work(dispatch) === 0) return undefined;
  const scalars = fullScalars(dispatch.sizes);
  const views = scratchViews(device, dispatch);
  const contenders: (Contender & Disposable)[] = [];
  try {
    let fastest = Infinity;
    for (const { name: variant } of variants) {
      const timed = await dispatchContender(device, variant, [{ ...dispatch, views, variant }], scalars, 1);
      const run = async (): Promise<number> => clock(variant, await timed.run());
      const contender = { ...timed, run };
      contenders.push(contender);
      await contender.run(); // the first run of a pipeline may compile it
      const time = await contender.run();
      if (time > HOPELESS * fastest) contenders.pop()?.[Symbol.dispose]();
      fastest = Math.min(fastest, time);
    }
    const times = await alternate(contenders, turns);
    const milliseconds = contenders.map(({ name }, i): [string, number] => [name, median(times[i] ?? [])]);
    const [best] = milliseconds.toSorted(([, a], [, b]) => a - b);
    return {
      key,
      builtIn: builtIn.name,
      fastest: best?.[0] ?? builtIn.name,
      milliseconds: Object.fromEntries(milliseconds),
    };
  } finally {
    for (const contender of contenders) contender[Symbol.dispose]();
    for (const allocation of new Set(views.map((view) => view.allocation))) device.free(allocation);
  }
}

function work({ kernel, sizes }: Dispatch): number {
  return kernel.flops?.((name) => capacityOf(sizes[name] ?? 0)) ?? 1;
}

/** The scalars of a full batch. */
function fullScalars(sizes: Readonly<Record<string, Size>>): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const size of Object.values(sizes)) {
    if (typeof size === "number") continue;
    const whole = size.piece?.whole ?? size.capacity;
    scalars[size.scalar] = Math.min(scalars[size.scalar] ?? Infinity, Math.floor(whole / size.times));
  }
  return scalars;
}

/** Memory like the dispatch's: what it binds twice is bound twice here. */
function scratchViews(device: WebGPUDevice, { kernel, views }: Dispatch): View[] {
  const made = new Map<string, View>();
  const indices = new Map(views.map(({ allocation }, i) => [allocation, i]));
  return views.map(({ allocation, offset, length }, i) => {
    const place = `${indices.get(allocation)} ${offset}`;
    const known = made.get(place);
    if (known && known.length >= length) return { ...known, length };
    const view = {
      allocation: device.allocate(`${kernel.name} operand`, dtypeOf(kernel, i), length),
      offset: 0,
      length,
    };
    device.write(view.allocation, 0, noise(dtypeOf(kernel, i), length));
    made.set(place, view);
    return view;
  });
}

function dtypeOf(kernel: Kernel, binding: number): DType {
  return kernel.bindings[binding]?.dtype ?? "f32";
}

/** Numbers of a size that products don't overflow with; halves of u32 words too. */
function noise(dtype: DType, length: number): Float32Array | Int32Array | Uint32Array {
  if (dtype === "i32") return new Int32Array(length);
  if (dtype === "u32") return new Uint32Array(length).fill(0x3c003c00);
  const uniform = uniformGenerator(1);
  return Float32Array.from({ length }, () => uniform() - 0.5);
}
