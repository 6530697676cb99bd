import { type Dispatch, type View, VIEW_ALIGNMENT } from "./device.ts";
import { DeviceError } from "./device_error.ts";
import { capacityOf, type CutAxis, pieceOfSize, type Reach, type Size, type SizeOf } from "./kernel.ts";

const BYTES = 4;

/** Bound lengths are multiples of this where the tensor allows: kernels read vectors of four. */
const VECTOR = 4;

/** What one binding of a dispatch spans. */
interface Span {
  readonly view: View;
  readonly reach: Reach | undefined;
  /** Elements from the view's first to the last that the kernel looks at. */
  readonly length: number;
}

/**
 * Cuts a dispatch whose tensors are larger than `maxBindingBytes` into pieces that together do the same, in order: pieces of
 * a sum are added one after the other, everything else is independent. A dispatch that fits is returned as it is. Throws a
 * DeviceError that names the tensor when the kernel cannot be cut so far, a RangeError when a size that numbers the pieces is live.
 */
export function splitDispatch(dispatch: Dispatch, maxBindingBytes: number): Dispatch[] {
  const limit = Math.floor(maxBindingBytes / BYTES / VECTOR) * VECTOR;
  if (dispatch.views.every((view) => view.length <= limit)) return [dispatch];
  const { kernel, sizes } = dispatch;
  const size = capacities(dispatch);
  const reaches = kernel.split?.reach(size);
  const spans = dispatch.views.map((view, i): Span => {
    const reach = reaches?.[kernel.bindings[i]?.name ?? ""];
    return { view, reach, length: Math.min(view.length, spanLength(reach, size)) };
  });
  const over = spans.filter(({ length }) => length > limit);
  if (over.length === 0) {
    return [{
      ...dispatch,
      views: spans.map(({ view, length }) => ({ ...view, length: roundUp(length, view) })),
    }];
  }
  const cut = chooseCut(kernel.split?.axes(size) ?? [], over, spans, size, limit);
  if (!cut) throw tooLarge(dispatch, spans, maxBindingBytes);
  const { axis, count: most } = cut;
  const pieces: Dispatch[] = [];
  const total = size(axis.size);
  for (let first = 0; first < total; first += most) {
    const count = Math.min(most, total - first);
    const pieceSizes: Record<string, Size> = { ...sizes };
    pieceSizes[axis.size] = pieceOfSize(sizes[axis.size] ?? total, first, count);
    if (axis.alongside) {
      const { size: name, factor } = axis.alongside;
      pieceSizes[name] = pieceOfSize(sizes[name] ?? 0, first * factor, count * factor);
    }
    Object.assign(pieceSizes, axis.sizes?.(first, count, fixedSizes(dispatch)));
    const views = spans.map(({ view, reach }) => {
      const skipped = first * strideOf(reach, axis.size);
      return { ...view, offset: view.offset + skipped, length: view.length - skipped };
    });
    pieces.push(...splitDispatch({ ...dispatch, sizes: pieceSizes, views }, maxBindingBytes));
  }
  return pieces;
}

function capacities({ kernel, sizes }: Dispatch): SizeOf {
  return (name) => {
    const size = sizes[name];
    if (size === undefined) throw new RangeError(`${kernel.name}: size ${name} is not given`);
    return capacityOf(size);
  };
}

/** The sizes that a piece's are counted from: what is read from a scalar cannot be added to. */
function fixedSizes({ kernel, sizes }: Dispatch): SizeOf {
  return (name) => {
    const size = sizes[name];
    if (typeof size !== "number") throw new RangeError(`${kernel.name} cannot be cut while ${name} is live`);
    return size;
  };
}

function strideOf(reach: Reach | undefined, name: string): number {
  return reach?.strides[name] ?? 0;
}

/** The elements that `reach` spans, with `count` instead of the size of `axis`. */
function spanLength(reach: Reach | undefined, size: SizeOf, axis?: string, count = 0): number {
  if (!reach) return Infinity;
  let last = reach.constant ?? 0;
  for (const [name, stride = 0] of Object.entries(reach.strides)) {
    last += stride * Math.max((name === axis ? count : size(name)) - 1, 0);
  }
  return Math.floor(last) + 1;
}

function roundUp(length: number, view: View): number {
  return Math.min(Math.ceil(length / VECTOR) * VECTOR, view.length);
}

/** The smallest step along an axis whose pieces begin at aligned elements of every binding. */
function alignedStep(axis: CutAxis, spans: readonly Span[]): number | undefined {
  const multiple = axis.multiple ?? 1;
  for (let step = multiple; step <= multiple * VIEW_ALIGNMENT * 2; step *= 2) {
    if (spans.every(({ reach }) => step * strideOf(reach, axis.size) % VIEW_ALIGNMENT === 0)) return step;
  }
  return undefined;
}

/**
 * The axis that brings most of the tensors which are too large under the limit, and how much of it a piece takes: pieces are
 * as even as alignment allows. When no axis does it alone, the one that shrinks the largest tensor most is cut to its smallest step.
 */
function chooseCut(
  axes: readonly CutAxis[],
  over: readonly Span[],
  spans: readonly Span[],
  size: SizeOf,
  limit: number,
): { axis: CutAxis; count: number } | undefined {
  let best: { axis: CutAxis; count: number; fitted: number } | undefined;
  let fallback: { axis: CutAxis; count: number; stride: number } | undefined;
  const largest = over.reduce((a, b) => b.length > a.length ? b : a);
  for (const axis of axes) {
    const total = size(axis.size);
    const step = alignedStep(axis, spans);
    if (step === undefined || step >= total) continue;
    const fitting = over.map(({ reach }) => largestCount(reach, axis, size, step, limit)).filter((n) =>
      n > 0
    );
    if (fitting.length > (best?.fitted ?? 0)) {
      const pieces = Math.ceil(total / Math.min(...fitting));
      const count = Math.ceil(total / pieces / step) * step;
      best = { axis, count, fitted: fitting.length };
    }
    const stride = strideOf(largest.reach, axis.size);
    if (stride > (fallback?.stride ?? 0)) fallback = { axis, count: step, stride };
  }
  return best ?? fallback;
}

/** The largest multiple of `step` along an axis with which a binding fits; 0 when none does. */
function largestCount(
  reach: Reach | undefined,
  axis: CutAxis,
  size: SizeOf,
  step: number,
  limit: number,
): number {
  const stride = strideOf(reach, axis.size);
  if (stride === 0) return 0;
  const fixed = spanLength(reach, size, axis.size, 1);
  const count = Math.floor(((limit - fixed) / stride + 1) / step) * step;
  return Math.min(Math.max(count, 0), size(axis.size));
}

function tooLarge(
  { kernel, views, tensors }: Dispatch,
  spans: readonly Span[],
  maxBindingBytes: number,
): DeviceError {
  const lengths = spans.map(({ length }) => length);
  const largest = Math.max(...lengths);
  const worst = lengths.indexOf(largest);
  const name = tensors?.[worst]?.name ?? views[worst]?.allocation.label;
  return new DeviceError(
    `${kernel.name}: ${kernel.bindings[worst]?.name} in "${name}" needs a binding of ${
      largest * BYTES
    } bytes, ` +
      `this device binds at most ${maxBindingBytes} and the kernel cannot be cut so far: ` +
      "use a smaller batch, a smaller model or --device cpu",
  );
}
