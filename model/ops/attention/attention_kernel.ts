import { type CutAxis, defineKernel, type Numbers, type Reach, type SizeOf } from "../../kernel.ts";
import drawWgsl from "../dropout/draw.wgsl" with { type: "text" };
import { dropoutKeeps } from "../dropout/dropout.ts";
import deltaWgsl from "./attention_delta.wgsl" with { type: "text" };
import { attentionBackwardWgsl } from "./attention_backward_wgsl.ts";
import { attentionForwardWgsl } from "./attention_forward_wgsl.ts";
import { attentionBackwardWorkgroups, attentionForwardWorkgroups } from "./attention_tile.ts";

/** Numbers kept of each position and head: see {@linkcode attentionForward}. */
export const STATS = 4;

/** Blocks of queries of the cpu kernel, as even as panels of 12 allow; attention.as has the same rule. */
function cpuBlocks(length: number, headSize: number): number {
  const most = Math.min(72, Math.floor(4608 / (Math.ceil(headSize / 8) * 8) / 12) * 12);
  const size = Math.ceil(Math.ceil(length / Math.ceil(length / most)) / 12) * 12;
  return Math.ceil(length / size);
}

const SHAPE = [
  "items",
  "heads",
  "length",
  "words",
  "head_size",
  "queries",
  "scale",
  "first_item",
  "site",
  "key",
  "threshold",
  "dropout_scale",
] as const;

type Shape = Record<(typeof SHAPE)[number], number>;

/** Row of q for a query at `row` against the key at `column`: words come first, entities after them. */
function queryRow({ queries, length, words }: Shape, item: number, row: number, column: number): number {
  return (item * queries + (queries === 2 && column >= words ? 1 : 0)) * length + row;
}

/** For each position its group: a number of the mask, or for padding the greatest of its sequence, negated. */
function groupsOf(mask: Numbers, item: number, length: number): number[] {
  const numbers = Array.from(mask.subarray(item * length, (item + 1) * length));
  const greatest = numbers.reduce((a, b) => Math.max(a, b), 0);
  return numbers.map((number) => number === 0 ? 0 - greatest : number);
}

/** Whether a query of one group sees a key of another. */
function sees(query: number, key: number): boolean {
  return Math.abs(query) === key;
}

/** Σ of the products of `size` elements of `a` and `b`. */
function dot(a: Numbers, aStart: number, b: Numbers, bStart: number, size: number): number {
  let sum = 0;
  for (let d = 0; d < size; d++) sum += (a[aStart + d] ?? NaN) * (b[bStart + d] ?? NaN);
  return sum;
}

/** What an element of the matrix of probabilities is multiplied with. */
function dropoutFactors(s: Shape): (item: number, head: number, row: number, column: number) => number {
  if (s.threshold === 0) return () => 1;
  const keeps = dropoutKeeps(s.key, s.site, s.threshold);
  return (item, head, row, column) => {
    const place = (((s.first_item + item) * s.heads + head) * s.length + row) * s.length + column;
    return keeps(place >>> 0) ? s.dropout_scale : 0;
  };
}

/** `perItem` elements for each item. */
function itemsReach(perItem: number): Reach<"items"> {
  return { strides: { items: perItem }, constant: perItem - 1 };
}

/** Items are independent; a piece counts the elements that dropout draws for from its own first item on. */
const cutItems: readonly CutAxis<"items" | "first_item">[] = [{
  size: "items",
  sizes: (first, _, size) => ({ first_item: size("first_item") + first }),
}];

/** Operations of `products` matrix products of every head. */
function flops(size: SizeOf<"items" | "heads" | "length" | "head_size">, products: number): number {
  return 2 * products * size("items") * size("heads") * size("length") ** 2 * size("head_size");
}

/**
 * context = dropout(softmax(scale · Q Kᵀ)) V for each item and head. `q`, `k`, `v` and `context` are [items · length, heads ·
 * head_size] with the heads side by side; with `queries` 2, `q` has two groups of `length` rows an item, the first meeting the
 * keys below `words`, the second the others. `mask` [items, length] i32 parts a sequence into groups: a query sees the keys of its
 * own number. 0 is padding, which no other position sees; its own queries see the group of the greatest number, and in a sequence of
 * nothing but padding everything, as with a mask that is added. `stats` [items · heads · length, 4] keeps the log-sum-exp as its two
 * terms, the greatest score and ln Σ exp(score − greatest), which is exact for large scores; then room for delta, and the group: the
 * number, or for padding the greatest number negated.
 */
export const attentionForward = defineKernel({
  name: "attention_forward",
  bindings: [
    { name: "q", dtype: "f32", access: "read" },
    { name: "k", dtype: "f32", access: "read" },
    { name: "v", dtype: "f32", access: "read" },
    { name: "mask", dtype: "i32", access: "read" },
    { name: "context", dtype: "f32", access: "read_write" },
    { name: "stats", dtype: "f32", access: "read_write" },
  ],
  sizes: SHAPE,
  floats: ["scale", "dropout_scale"],
  live: ["items", "first_item", "key", "site"],
  wgsl: (size) => drawWgsl + attentionForwardWgsl(size),
  workgroups: attentionForwardWorkgroups,
  tiles: (size) => size("items") * size("heads") * cpuBlocks(size("length"), size("head_size")),
  flops: (size) => flops(size, 2),
  split: {
    reach(size) {
      const rows = itemsReach(size("length") * size("heads") * size("head_size"));
      return {
        q: itemsReach(size("queries") * size("length") * size("heads") * size("head_size")),
        k: rows,
        v: rows,
        mask: itemsReach(size("length")),
        context: rows,
        stats: itemsReach(size("heads") * size("length") * STATS),
      };
    },
    axes: () => cutItems,
  },
  reference({ q, k, v, mask, context, stats }, s) {
    const { items, heads, length, head_size: size, scale } = s;
    const hidden = heads * size;
    const factor = dropoutFactors(s);
    for (let item = 0; item < items; item++) {
      const groups = groupsOf(mask, item, length);
      for (let head = 0; head < heads; head++) {
        for (let row = 0; row < length; row++) {
          const group = groups[row] ?? NaN;
          const scores = groups.map((key, j) =>
            sees(group, key)
              ? scale * dot(
                q,
                queryRow(s, item, row, j) * hidden + head * size,
                k,
                (item * length + j) * hidden + head * size,
                size,
              )
              : -Infinity
          );
          const greatest = scores.reduce((a, b) => Math.max(a, b));
          const exponentials = scores.map((score) => Math.exp(score - greatest));
          const sum = exponentials.reduce((a, b) => a + b);
          const place = ((item * heads + head) * length + row) * STATS;
          stats.set([greatest, Math.log(sum), 0, group], place);
          for (let d = 0; d < size; d++) {
            let total = 0;
            exponentials.forEach((e, j) => {
              total += e * factor(item, head, row, j) *
                (v[(item * length + j) * hidden + head * size + d] ?? NaN);
            });
            context[(item * length + row) * hidden + head * size + d] = total / sum;
          }
        }
      }
    }
  },
});

/** delta = Σ context · dcontext for each position and head, in the third column of `stats`. */
export const attentionDelta = defineKernel({
  name: "attention_delta",
  bindings: [
    { name: "context", dtype: "f32", access: "read" },
    { name: "dcontext", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read_write" },
  ],
  sizes: ["items", "heads", "length", "head_size"],
  live: ["items"],
  wgsl: deltaWgsl,
  workgroups: (size) => Math.ceil(size("items") * size("heads") * size("length") / 64),
  tiles: (size) => Math.ceil(size("items") * size("length") / 64),
  split: {
    reach(size) {
      const rows = itemsReach(size("length") * size("heads") * size("head_size"));
      return {
        context: rows,
        dcontext: rows,
        stats: itemsReach(size("heads") * size("length") * STATS),
      };
    },
    axes: () => [{ size: "items" }],
  },
  reference({ context, dcontext, stats }, { items, heads, length, head_size: size }) {
    for (let position = 0; position < items * length; position++) {
      const [item, row] = [Math.floor(position / length), position % length];
      for (let head = 0; head < heads; head++) {
        const from = (position * heads + head) * size;
        stats[((item * heads + head) * length + row) * STATS + 2] = dot(context, from, dcontext, from, size);
      }
    }
  },
});

/**
 * The gradients of {@linkcode attentionForward}, from probabilities that are computed again: with P = exp(score − log-sum-exp) and
 * D the dropout factors, dV = (P ∘ D)ᵀ dcontext, dS = P ∘ (D ∘ (dcontext Vᵀ) − delta), dQ = scale · dS K, dK = scale · dSᵀ Q.
 * Each `accumulate_…` adds to what its gradient held.
 */
export const attentionBackward = defineKernel({
  name: "attention_backward",
  bindings: [
    { name: "q", dtype: "f32", access: "read" },
    { name: "k", dtype: "f32", access: "read" },
    { name: "v", dtype: "f32", access: "read" },
    { name: "stats", dtype: "f32", access: "read" },
    { name: "dcontext", dtype: "f32", access: "read" },
    { name: "dq", dtype: "f32", access: "read_write" },
    { name: "dk", dtype: "f32", access: "read_write" },
    { name: "dv", dtype: "f32", access: "read_write" },
  ],
  sizes: [...SHAPE, "accumulate_q", "accumulate_k", "accumulate_v"],
  floats: ["scale", "dropout_scale"],
  live: ["items", "first_item", "key", "site", "accumulate_q", "accumulate_k", "accumulate_v"],
  wgsl: (size) => drawWgsl + attentionBackwardWgsl(size),
  workgroups: attentionBackwardWorkgroups,
  tiles: (size) => size("items") * size("heads"),
  flops: (size) => flops(size, 5),
  split: {
    reach(size) {
      const rows = itemsReach(size("length") * size("heads") * size("head_size"));
      const queries = itemsReach(size("queries") * size("length") * size("heads") * size("head_size"));
      const stats = itemsReach(size("heads") * size("length") * STATS);
      return { q: queries, k: rows, v: rows, stats, dcontext: rows, dq: queries, dk: rows, dv: rows };
    },
    axes: () => cutItems,
  },
  reference({ q, k, v, stats, dcontext, dq, dk, dv }, s) {
    const { items, heads, length, head_size: size, scale, queries } = s;
    const hidden = heads * size;
    const factor = dropoutFactors(s);
    if (!s.accumulate_q) dq.fill(0, 0, items * queries * length * hidden);
    if (!s.accumulate_k) dk.fill(0, 0, items * length * hidden);
    if (!s.accumulate_v) dv.fill(0, 0, items * length * hidden);
    for (let item = 0; item < items; item++) {
      for (let head = 0; head < heads; head++) {
        const statsStart = (item * heads + head) * length * STATS;
        for (let row = 0; row < length; row++) {
          const [greatest = NaN, logSum = NaN, delta = NaN, group = NaN] = stats.subarray(
            statsStart + row * STATS,
          );
          const context = (item * length + row) * hidden + head * size;
          for (let j = 0; j < length; j++) {
            if (!sees(group, stats[statsStart + j * STATS + 3] ?? NaN)) continue;
            const query = queryRow(s, item, row, j) * hidden + head * size;
            const key = (item * length + j) * hidden + head * size;
            const p = Math.exp(scale * dot(q, query, k, key, size) - greatest - logSum);
            const kept = factor(item, head, row, j);
            const slope = scale * p * (kept * dot(dcontext, context, v, key, size) - delta);
            for (let d = 0; d < size; d++) {
              dv[key + d] += p * kept * dcontext[context + d];
              dq[query + d] += slope * k[key + d];
              dk[key + d] += slope * q[query + d];
            }
          }
        }
      }
    }
  },
});
