import type { StoredBytes } from "./stored_bytes.ts";
import { BYTES_PER_ELEMENT, decodeFloats, elementCount, isCount } from "./element_types.ts";
import type { StoredDType, StoredTensor } from "./stored_tensor.ts";

/** Elements of one type in a row somewhere in a file. */
export interface Storage {
  /** The file or part of a file. */
  readonly source: StoredBytes;
  /** First byte in it. */
  readonly position: number;
  /** Element type. */
  readonly dtype: StoredDType;
  /** Number of elements. */
  readonly length: number;
}

/** What of a storage is read at once to pick elements that do not lie in a row: at most this many. */
const SPAN_ELEMENTS = 1 << 20;

/** A tensor that lies in a storage at an offset, with strides as PyTorch has them; row-major ones are read without detour. */
export class TensorView implements StoredTensor {
  /** Element type as stored. */
  readonly dtype: StoredDType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  readonly #storage: Storage;
  readonly #offset: number;
  readonly #strides: readonly number[];
  readonly #isRowMajor: boolean;

  /**
   * @param strides elements of the storage from one index to the next, by axis; row-major when not given.
   * @throws {RangeError} when a size, stride or the offset is not a count, or an element lies outside the storage.
   */
  constructor(
    storage: Storage,
    shape: readonly number[],
    offset = 0,
    strides: readonly number[] = rowMajorStrides(shape),
  ) {
    checkReach(storage.length, shape, offset, strides);
    this.dtype = storage.dtype;
    this.shape = shape;
    this.#storage = storage;
    this.#offset = offset;
    this.#strides = strides;
    const rowMajor = rowMajorStrides(shape);
    // The stride of an axis of one index does not matter, and PyTorch writes anything there.
    this.#isRowMajor = shape.every((size, axis) => size === 1 || strides[axis] === rowMajor[axis]);
  }

  /** The elements [begin, end) in row-major order as f32. */
  readFloats(begin: number, end: number): Float32Array {
    if (!(begin >= 0 && begin <= end && end <= elementCount(this.shape))) {
      throw new RangeError(`elements ${begin} to ${end} of a tensor of shape [${this.shape}]`);
    }
    if (this.#isRowMajor || begin === end) return this.#span(this.#offset + begin, end - begin);
    const floats = new Float32Array(end - begin);
    this.#gather(0, begin, end, this.#offset, floats, 0);
    return floats;
  }

  /**
   * Puts the elements [begin, end) of a block, counted row-major over the axes from `axis` on, into `floats` from `at` on: what of
   * it is cut off a row of blocks at either side by itself, the whole blocks between as a box.
   */
  #gather(axis: number, begin: number, end: number, offset: number, floats: Float32Array, at: number): void {
    const rest = this.shape.slice(axis);
    const inner = elementCount(rest.slice(1));
    const stride = this.#strides[axis] ?? 0;
    for (let next = begin; next < end;) {
      const index = Math.floor(next / inner);
      const whole = Math.floor(end / inner) - index;
      if (next % inner === 0 && whole > 0) {
        const box = [whole, ...rest.slice(1)];
        this.#box(
          box,
          this.#strides.slice(axis),
          rowMajorStrides(box),
          offset + index * stride,
          floats,
          at + next - begin,
        );
        next += whole * inner;
      } else {
        const stop = Math.min(end, (index + 1) * inner);
        const from = index * inner;
        this.#gather(axis + 1, next - from, stop - from, offset + index * stride, floats, at + next - begin);
        next = stop;
      }
    }
  }

  /** Puts a box of elements to `floats`: at once where its elements lie close together, else in halves along its widest axis. */
  #box(
    sizes: readonly number[],
    strides: readonly number[],
    targets: readonly number[],
    offset: number,
    floats: Float32Array,
    at: number,
  ): void {
    const reaches = sizes.map((size, axis) => (size - 1) * (strides[axis] ?? 0));
    const span = reaches.reduce((sum, reach) => sum + reach, 1);
    const count = elementCount(sizes);
    if (span <= SPAN_ELEMENTS && span <= 8 * count + 1024 && count <= SPAN_ELEMENTS || count === 1) {
      pick(this.#span(offset, span), sizes, strides, floats, at, targets);
      return;
    }
    const widest = reaches.indexOf(Math.max(...reaches));
    const axis = (sizes[widest] ?? 0) > 1 ? widest : sizes.findIndex((size) => size > 1);
    const size = sizes[axis] ?? 0;
    const half = Math.ceil(size / 2);
    const [stride, target] = [strides[axis] ?? 0, targets[axis] ?? 0];
    this.#box(sizes.with(axis, half), strides, targets, offset, floats, at);
    this.#box(
      sizes.with(axis, size - half),
      strides,
      targets,
      offset + half * stride,
      floats,
      at + half * target,
    );
  }

  #span(begin: number, length: number): Float32Array {
    const { source, position, dtype } = this.#storage;
    const bytes = BYTES_PER_ELEMENT[dtype];
    return decodeFloats(dtype, source.read(position + begin * bytes, length * bytes));
  }
}

/** Copies a box of elements from where the strides say to where the target strides say. */
function pick(
  from: Float32Array,
  sizes: readonly number[],
  strides: readonly number[],
  to: Float32Array,
  at: number,
  targets: readonly number[],
): void {
  const index = sizes.map(() => 0);
  for (let source = 0, target = at;;) {
    to[target] = from[source] ?? NaN;
    let axis = sizes.length - 1;
    for (; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const [stride, step] = [strides[axis] ?? 0, targets[axis] ?? 0];
      if (next < (sizes[axis] ?? 0)) {
        index[axis] = next;
        source += stride;
        target += step;
        break;
      }
      index[axis] = 0;
      source -= (next - 1) * stride;
      target -= (next - 1) * step;
    }
    if (axis < 0) return;
  }
}

/** The strides of elements that lie in row-major order, in elements. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(stride);
    stride *= Math.max(size, 1);
  }
  return strides;
}

function checkReach(
  length: number,
  shape: readonly number[],
  offset: number,
  strides: readonly number[],
): void {
  const count = elementCount(shape);
  if (
    shape.length !== strides.length || ![offset, count, ...shape, ...strides].every(isCount)
  ) {
    throw new RangeError(`sizes [${shape}], strides [${strides}] and offset ${offset} are not all counts`);
  }
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  // An empty tensor may stand anywhere in its storage, but not beyond.
  if (count === 0 ? offset > length : !(last < length)) {
    throw new RangeError(
      `sizes [${shape}], strides [${strides}] and offset ${offset} reach element ${last} of a storage of ${length}`,
    );
  }
}
