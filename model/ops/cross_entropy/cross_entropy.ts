import { defineKernel } from "../../kernel.ts";
import { OPTIMIZER_STATE } from "../adamw/adamw.ts";
import { rowsReach } from "../elementwise.ts";
import reduceWgsl from "../reduce.wgsl" with { type: "text" };
import backwardWgsl from "./cross_entropy_backward.wgsl" with { type: "text" };
import forwardWgsl from "./cross_entropy_forward.wgsl" with { type: "text" };
import metricsWgsl from "./cross_entropy_metrics.wgsl" with { type: "text" };

/** What is kept of a row's softmax: the greatest logit, Σ exp(logit − greatest), the first class that has it, the label's logit. */
export const SOFTMAX_STATE = 4;

/** Classes are f32 in the state, exact up to here. */
export const MAX_CLASSES = 2 ** 24;

/** Where the greatest logit begins: not −∞, from which a logit of −∞ has no distance. */
const LOWEST = -3.4e38;

/** Columns of a cpu tile of the backward kernel (`BACKWARD_TILE` in cross_entropy.as). */
const BACKWARD_TILE = 16384;

/**
 * Takes the logits of the classes [first, first + columns) into each row's `state` [rows, {@linkcode SOFTMAX_STATE}]; first 0
 * begins anew, the others come in ascending order (online softmax, Milakov and Gimelshein 2018). A logit of −∞ adds
 * nothing, one that is NaN or +∞ makes the sum NaN.
 */
export const crossEntropyForward = defineKernel({
  name: "cross_entropy_forward",
  bindings: [
    { name: "logits", dtype: "f32", access: "read" },
    { name: "labels", dtype: "i32", access: "read" },
    { name: "state", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "first"],
  live: ["rows", "first"],
  wgsl: forwardWgsl,
  workgroups: (size) => size("rows"),
  tiles: (size) => size("rows"),
  split: {
    reach: (size) => ({
      logits: rowsReach(size("columns")),
      labels: rowsReach(1),
      state: rowsReach(SOFTMAX_STATE),
    }),
    axes: () => [{ size: "rows" }],
  },
  reference({ logits, labels, state }, { rows, columns, first }) {
    for (let row = 0; row < rows; row++) {
      const values = logits.subarray(row * columns, (row + 1) * columns);
      const at = row * SOFTMAX_STATE;
      let [top, sum, best] = first > 0 ? [state[at], state[at + 1], state[at + 2]] : [LOWEST, 0, 0];
      for (let c = 0; c < columns; c++) {
        if (values[c] > top) {
          sum *= Math.exp(top - values[c]);
          top = values[c];
          best = first + c;
        }
        sum += Math.exp(values[c] - top);
      }
      state.set([top, sum, best], at);
      const label = labels[row] - first;
      if (label >= 0 && label < columns) state[at + 3] = values[label];
    }
  },
});

/**
 * metrics[slot …] += [Σ loss, Σ correct, rows, Σ loss / rows] of one micro-step. A row's loss is −log softmax at its label;
 * it is correct when the label is the first greatest logit. A label under 0 adds nothing to either, but its row counts.
 */
export const crossEntropyMetrics = defineKernel({
  name: "cross_entropy_metrics",
  bindings: [
    { name: "labels", dtype: "i32", access: "read" },
    { name: "state", dtype: "f32", access: "read" },
    { name: "metrics", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "slot"],
  live: ["rows", "slot"],
  wgsl: reduceWgsl + metricsWgsl,
  workgroups: () => 1,
  tiles: () => 1,
  reference({ labels, state, metrics }, { rows, slot }) {
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      if (labels[row] < 0) continue;
      const [top, sum, best, wanted] = state.subarray(row * SOFTMAX_STATE, (row + 1) * SOFTMAX_STATE);
      loss += Math.log(sum) + (top - wanted);
      if (best === labels[row]) metrics[slot + 1] += 1;
    }
    metrics[slot] += loss;
    metrics[slot + 2] += rows;
    metrics[slot + 3] += loss / Math.max(rows, 1);
  },
});

/**
 * Replaces the logits of the classes [first, first + columns) by their gradient (softmax − one-hot) · scale / batch_rows, zeros for a
 * label under 0. `state` is that of all classes. With `scaled` the loss scale in `optimizer` multiplies them too; without, `state`
 * may be bound in its place.
 */
export const crossEntropyBackward = defineKernel({
  name: "cross_entropy_backward",
  bindings: [
    { name: "labels", dtype: "i32", access: "read" },
    { name: "state", dtype: "f32", access: "read" },
    { name: "optimizer", dtype: "f32", access: "read" },
    { name: "logits", dtype: "f32", access: "read_write" },
  ],
  sizes: ["rows", "columns", "first", "scale", "scaled", "batch_rows"],
  floats: ["scale"],
  live: ["rows", "first", "batch_rows"],
  wgsl: backwardWgsl,
  workgroups: (size) => size("rows") * Math.ceil(size("columns") / 1024),
  tiles: (size) => size("rows") * Math.ceil(size("columns") / BACKWARD_TILE),
  split: {
    reach: (size) => ({
      labels: rowsReach(1),
      state: rowsReach(SOFTMAX_STATE),
      logits: rowsReach(size("columns")),
    }),
    axes: () => [{ size: "rows" }],
  },
  reference({ labels, state, optimizer, logits }, size) {
    const { rows, columns, first, scale, scaled, batch_rows: batchRows } = size;
    const factor = scale * (scaled ? optimizer[OPTIMIZER_STATE.lossScale] ?? NaN : 1) / batchRows;
    for (let row = 0; row < rows; row++) {
      const values = logits.subarray(row * columns, (row + 1) * columns);
      const [top, sum] = state.subarray(row * SOFTMAX_STATE, (row + 1) * SOFTMAX_STATE);
      const label = labels[row];
      for (let c = 0; c < columns; c++) {
        const probability = Math.exp(values[c] - top) / sum;
        values[c] = label < 0 ? 0 : (probability - (first + c === label ? 1 : 0)) * factor;
      }
    }
  },
});

/** Numbers that one head adds to the metrics. */
export const METRICS_OF_HEAD = 4;
