import { VIEW_ALIGNMENT } from "./device.ts";
import type { DType } from "./kernel.ts";
import { type RecordedDispatch, type Tensor, tensorLength } from "./tensor.ts";

/** When a tensor is in use: from the first dispatch that binds it to the last, both included. */
export interface Lifetime {
  readonly first: number;
  /** Infinity for what the host reads or writes. */
  readonly last: number;
}

/** A part of a buffer that is a tensor's during its lifetime. */
export interface Place extends Lifetime {
  readonly tensor: Tensor;
  readonly buffer: LayoutBuffer;
  /** First element; a multiple of VIEW_ALIGNMENT. */
  readonly offset: number;
  /** Elements, rounded up to VIEW_ALIGNMENT. */
  readonly length: number;
}

/** Memory of one allocation. */
export interface LayoutBuffer {
  /** That of its largest tensor. */
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  /** The tensors that lie here at one time or another. */
  readonly places: readonly Place[];
}

/** Where the tensors of a plan lie that have no memory of their own yet. */
export interface Layout {
  readonly buffers: readonly LayoutBuffer[];
  readonly places: ReadonlyMap<Tensor, Place>;
}

/** The first and last dispatch of every tensor; what is no activation, or `kept`, is in use for ever. */
export function lifetimes(
  dispatches: readonly RecordedDispatch[],
  kept: ReadonlySet<Tensor>,
): Map<Tensor, Lifetime> {
  const lives = new Map<Tensor, Lifetime>();
  dispatches.forEach(({ tensors }, i) => {
    for (const tensor of tensors) {
      const passing = tensor.role === "activation" && !kept.has(tensor);
      lives.set(
        tensor,
        passing ? { first: lives.get(tensor)?.first ?? i, last: i } : { first: 0, last: Infinity },
      );
    }
  });
  return lives;
}

interface OpenBuffer extends LayoutBuffer {
  readonly places: Place[];
  /** Tensors that a dispatch binds with the other access than one that lies here. */
  readonly refused: Set<Tensor>;
}

/**
 * Gives every tensor a place so that no two that are in use at once overlap. The largest come first and get buffers of their own
 * size; the others go to the tightest gap that is free during their life (Pisarchyk and Lee 2020, with several buffers). Tensors
 * that one dispatch reads and writes lie in different buffers, which WebGPU asks for. With `typed`, so do different dtypes, which
 * devices ask for whose memory is typed arrays.
 */
export function layOut(
  dispatches: readonly RecordedDispatch[],
  kept: ReadonlySet<Tensor>,
  typed: boolean,
): Layout {
  const opposed = opposedTensors(dispatches);
  const buffers: OpenBuffer[] = [];
  const places = new Map<Tensor, Place>();
  const waiting = [...lifetimes(dispatches, kept)]
    .filter(([tensor]) => !tensor.view)
    .map(([tensor, life]) => ({ tensor, ...life, length: paddedLength(tensor) }))
    .sort((a, b) => b.length - a.length || a.first - b.first);
  for (const { tensor, first, last, length } of waiting) {
    let best: { buffer: OpenBuffer; offset: number; gap: number } | undefined;
    for (const buffer of last === Infinity ? [] : buffers) {
      if ((typed && buffer.dtype !== tensor.dtype) || buffer.refused.has(tensor)) continue;
      const found = tightestGap(buffer, { first, last }, length);
      if (found && (!best || found.gap < best.gap)) best = { buffer, ...found };
      if (best?.gap === length) break;
    }
    if (!best) {
      const buffer: OpenBuffer = { dtype: tensor.dtype, length, places: [], refused: new Set() };
      buffers.push(buffer);
      best = { buffer, offset: 0, gap: length };
    }
    const place: Place = { tensor, first, last, buffer: best.buffer, offset: best.offset, length };
    best.buffer.places.push(place);
    for (const other of opposed.get(tensor) ?? []) best.buffer.refused.add(other);
    places.set(tensor, place);
  }
  return { buffers, places };
}

function paddedLength(tensor: Tensor): number {
  return Math.ceil(Math.max(tensorLength(tensor), 1) / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
}

/** For each tensor, those that a dispatch reads while it writes this one, or the other way round. */
function opposedTensors(dispatches: readonly RecordedDispatch[]): Map<Tensor, Set<Tensor>> {
  const opposed = new Map<Tensor, Set<Tensor>>();
  const oppose = (tensor: Tensor, other: Tensor): void => {
    const known = opposed.get(tensor);
    if (known) known.add(other);
    else opposed.set(tensor, new Set([other]));
  };
  for (const { kernel, tensors } of dispatches) {
    tensors.forEach((a, i) => {
      tensors.forEach((b, j) => {
        if (kernel.bindings[i]?.access === "read" && kernel.bindings[j]?.access === "read_write") {
          oppose(a, b);
          oppose(b, a);
        }
      });
    });
  }
  return opposed;
}

/** The smallest free stretch of at least `length` elements that nobody uses during `life`. */
function tightestGap(
  buffer: OpenBuffer,
  life: Lifetime,
  length: number,
): { offset: number; gap: number } | undefined {
  const neighbours = buffer.places
    .filter((place) => place.first <= life.last && life.first <= place.last)
    .sort((a, b) => a.offset - b.offset);
  let best: { offset: number; gap: number } | undefined;
  let free = 0;
  for (const { offset, length: taken } of [...neighbours, { offset: buffer.length, length: 0 }]) {
    const gap = offset - free;
    if (gap >= length && (!best || gap < best.gap)) best = { offset: free, gap };
    free = Math.max(free, offset + taken);
  }
  return best;
}
