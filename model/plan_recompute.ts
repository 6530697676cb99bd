import type { RecordedDispatch, Tensor } from "./tensor.ts";

/** A stretch of a recorded list: from `begin` up to, not including, `end`. */
export interface Segment {
  readonly begin: number;
  readonly end: number;
}

/**
 * Gradient checkpointing (Chen et al. 2016): what `backward`, the reverse pass of a segment, needs of the segment's own tensors is
 * computed anew right before it, so that the originals are not kept from the forward pass. Returns what to record in place of
 * `backward`: the segment's dispatches again, into fresh tensors and as far as they are needed, then `backward` with those.
 *
 * Kernels and inputs are the same, so the gradients have the same bits. A tensor that is also used outside of the segment, or
 * `kept`, is there anyway and not made again for `backward`. `recorded` is everything before `backward`. Throws a RangeError when
 * what the segment reads was overwritten since, or when it changes a tensor from outside.
 */
export function recomputeSegment(
  recorded: readonly RecordedDispatch[],
  segment: Segment,
  backward: readonly RecordedDispatch[],
  kept: ReadonlySet<Tensor>,
): RecordedDispatch[] {
  const { begin, end } = segment;
  const { own, passing } = tensorsOf(recorded, segment, kept);
  const needed = new Set(backward.flatMap(({ tensors }) => tensors).filter((tensor) => passing.has(tensor)));
  const again: number[] = [];
  for (let i = end - 1; i >= begin; i--) {
    const dispatch = recorded[i];
    if (!dispatch || !writtenBy(dispatch).some((tensor) => needed.has(tensor))) continue;
    again.unshift(i);
    for (const tensor of dispatch.tensors) if (passing.has(tensor)) needed.add(tensor);
    // The whole history of what a kernel writes besides: it may read what is there.
    for (const tensor of writtenBy(dispatch)) needed.add(tensor);
  }

  const fresh = new Map<Tensor, Tensor>();
  const renew = (tensor: Tensor): Tensor => {
    const copy = fresh.get(tensor) ?? { ...tensor, name: `${tensor.name} again`, role: "activation" };
    fresh.set(tensor, copy);
    return copy;
  };
  const lastWrite = new Map<Tensor, number>();
  recorded.forEach((dispatch, i) => {
    for (const tensor of writtenBy(dispatch)) lastWrite.set(tensor, i);
  });
  const repeat = (i: number): RecordedDispatch[] => {
    const dispatch = recorded[i];
    if (!dispatch) return [];
    const { kernel } = dispatch;
    const tensors = dispatch.tensors.map((tensor, binding) => {
      if (kernel.bindings[binding]?.access === "read_write") {
        if (own.has(tensor)) return renew(tensor);
        throw new RangeError(
          `${kernel.name} cannot be recomputed: it changes ${tensor.name}, which is not the segment's own`,
        );
      }
      if (passing.has(tensor)) return renew(tensor);
      if ((lastWrite.get(tensor) ?? -1) > i) {
        throw new RangeError(`${kernel.name} cannot be recomputed: ${tensor.name} is overwritten after it`);
      }
      return tensor;
    });
    return [{ ...dispatch, tensors }];
  };
  const repeated = again.flatMap(repeat);
  const substituted = backward.map((dispatch) => ({
    ...dispatch,
    tensors: dispatch.tensors.map((tensor) => passing.has(tensor) ? renew(tensor) : tensor),
  }));
  return [...repeated, ...substituted];
}

function writtenBy({ kernel, tensors }: RecordedDispatch): Tensor[] {
  return tensors.filter((_, i) => kernel.bindings[i]?.access === "read_write");
}

/** The activations that begin in the segment, and those of them that nobody else binds. */
function tensorsOf(
  recorded: readonly RecordedDispatch[],
  { begin, end }: Segment,
  kept: ReadonlySet<Tensor>,
): { own: Set<Tensor>; passing: Set<Tensor> } {
  const bound = (from: number, to: number): Set<Tensor> =>
    new Set(recorded.slice(from, to).flatMap(({ tensors }) => tensors));
  const [before, inside, after] = [bound(0, begin), bound(begin, end), bound(end, recorded.length)];
  const own = new Set([...inside].filter((tensor) => tensor.role === "activation" && !before.has(tensor)));
  const passing = new Set([...own].filter((tensor) => !after.has(tensor) && !kept.has(tensor)));
  return { own, passing };
}
