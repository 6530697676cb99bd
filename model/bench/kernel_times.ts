import { type Dispatch, resolveSizes } from "../device.ts";
import type { Ceiling } from "./ceiling.ts";
import { median } from "./contender.ts";
import { opKind } from "./op_kind.ts";
import type { ProfiledRun } from "./profiling_device.ts";

/** All dispatches of a step that run one kernel on one shape. */
export interface KernelTime {
  /** The kernel. */
  readonly kernel: string;
  /** The sizes that matter: m × n × k of a product, rows × columns, elements. */
  readonly shape: string;
  /** What kind of op it belongs to. */
  readonly kind: string;
  /** Dispatches of a step. */
  readonly dispatches: number;
  /** Milliseconds of a step. */
  readonly milliseconds: number;
  /** Share of the time of all dispatches. */
  readonly share: number;
  /** Undefined for kernels that do no arithmetic to speak of. */
  readonly gflops: number | undefined;
  /** Bytes of the tensors it touches, each once. */
  readonly gigabytes: number;
  /** The time that the ceilings would allow, by its time: which of the two ceilings it is nearer to decides. */
  readonly ofCeiling: number;
}

/** The sizes that tell shapes apart, in the order they are shown. */
const SHAPE_SIZES = [
  "outer",
  "inner",
  "items",
  "heads",
  "m",
  "n",
  "rows",
  "runs",
  "length",
  "head_size",
  "columns",
  "k",
  "size",
  "count",
  "splits",
];

/** Bytes that a dispatch has to move: what its kernel says, else the tensors it is bound to, each once. */
function dispatchBytes(dispatch: Dispatch, sizes: Readonly<Record<string, number>>): number {
  const own = dispatch.kernel.bytes?.((name) => sizes[name] ?? 0);
  if (own !== undefined) return own;
  const { views } = dispatch;
  return views.reduce((sum, { allocation, offset, length }, i) => {
    const first = views.findIndex((other) =>
      other.allocation === allocation && other.offset === offset && other.length === length
    );
    return first === i ? sum + 4 * length : sum;
  }, 0);
}

/** Sums the runs of one step, the same step several times: of each dispatch the median time. Slowest first. */
export function kernelTimes(steps: readonly (readonly ProfiledRun[])[], ceiling: Ceiling): KernelTime[] {
  interface Sum {
    kernel: string;
    shape: string;
    dispatches: number;
    milliseconds: number;
    flops: number;
    bytes: number;
    ideal: number;
  }
  const sums = new Map<string, Sum>();
  for (const [r, run] of (steps[0] ?? []).entries()) {
    run.dispatches.forEach((dispatch, i) => {
      const { kernel } = dispatch;
      const sizes = resolveSizes(dispatch, run.scalars);
      const shape = shapeOf(sizes);
      const key = `${kernel.name} ${shape}`;
      const flops = kernel.flops?.((name) => sizes[name] ?? 0) ?? 0;
      const bytes = dispatchBytes(dispatch, sizes);
      const sum = sums.get(key) ??
        { kernel: kernel.name, shape, dispatches: 0, milliseconds: 0, flops: 0, bytes: 0, ideal: 0 };
      sum.dispatches++;
      sum.milliseconds += median(steps.map((runs) => runs[r]?.times.milliseconds[i] ?? NaN));
      sum.flops += flops;
      sum.bytes += bytes;
      sum.ideal += Math.max(flops / ceiling.gflops, bytes / ceiling.gigabytes) / 1e6;
      sums.set(key, sum);
    });
  }
  const total = sums.values().reduce((all, { milliseconds }) => all + milliseconds, 0);
  return [...sums.values()].sort((a, b) => b.milliseconds - a.milliseconds).map((sum) => ({
    kernel: sum.kernel,
    shape: sum.shape,
    kind: opKind(sum.kernel),
    dispatches: sum.dispatches,
    milliseconds: sum.milliseconds,
    share: sum.milliseconds / total,
    gflops: sum.flops > 0 ? sum.flops / sum.milliseconds / 1e6 : undefined,
    gigabytes: sum.bytes / sum.milliseconds / 1e6,
    ofCeiling: sum.ideal / sum.milliseconds,
  }));
}

/** Share of the time by kind of op, greatest first. */
export function kindShares(kernels: readonly KernelTime[]): [kind: string, share: number][] {
  const shares = new Map<string, number>();
  for (const { kind, share } of kernels) shares.set(kind, (shares.get(kind) ?? 0) + share);
  return [...shares].sort(([, a], [, b]) => b - a);
}

function shapeOf(sizes: Readonly<Record<string, number>>): string {
  return SHAPE_SIZES.map((name) => sizes[name])
    .filter((size, i) => size !== undefined && (i > 1 && i < SHAPE_SIZES.length - 1 || size > 1)).join("×");
}
