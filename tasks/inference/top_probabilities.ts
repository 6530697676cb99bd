/** A class with its probability. */
export interface Probable {
  /** Row of the vocabulary. */
  readonly id: number;
  /** Its probability among all classes, 0 to 1. */
  readonly score: number;
}

/**
 * The `count` most probable of `candidates` (all classes unless told), best first, the lower id first where two are equal. The softmax
 * is always over all logits; it is summed in f64.
 */
export function topProbabilities(
  logits: Float32Array,
  count: number,
  candidates: Iterable<number> = logits.keys(),
): Probable[] {
  let highest = -Infinity;
  for (let id = 0; id < logits.length; id++) highest = Math.max(highest, logits[id] ?? -Infinity);
  let total = 0;
  for (let id = 0; id < logits.length; id++) total += Math.exp((logits[id] ?? -Infinity) - highest);

  const best: { id: number; logit: number }[] = [];
  for (const id of candidates) {
    const logit = logits[id] ?? -Infinity;
    const last = best[best.length - 1];
    if (best.length >= count && (last === undefined || !precedes({ id, logit }, last))) continue;
    let place = best.length;
    while (place > 0 && precedes({ id, logit }, best[place - 1])) place--;
    best.splice(place, 0, { id, logit });
    if (best.length > count) best.pop();
  }
  return best.map(({ id, logit }) => ({ id, score: Math.exp(logit - highest) / total }));
}

function precedes(
  a: { readonly id: number; readonly logit: number },
  b: { readonly id: number; readonly logit: number } | undefined,
): boolean {
  return b === undefined || a.logit > b.logit || (a.logit === b.logit && a.id < b.id);
}
