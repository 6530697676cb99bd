import { defineKernel, scaleSize } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { elementwise } from "../elementwise.ts";
import { type Format, FORMATS } from "./format.ts";
import roundToHalfWgsl from "./round_to_half.wgsl" with { type: "text" };

/**
 * y = x in a half format (`format` is an index in FORMATS), to nearest, ties to even, two elements a word; what is too large for an
 * f16 becomes infinite, so that a loss scale that is too high shows in the gradient norm.
 */
export const roundToHalf = defineKernel({
  name: "round_to_half",
  bindings: [
    { name: "x", dtype: "f32", access: "read" },
    { name: "y", dtype: "u32", access: "read_write" },
  ],
  sizes: ["count", "format"],
  live: ["count"],
  wgsl: roundToHalfWgsl,
  workgroups: (size) => Math.ceil(size("count") / 512),
  tiles: elementwise.tiles,
  split: {
    reach: () => ({ x: { strides: { count: 1 } }, y: { strides: { count: 1 / 2 } } }),
    axes: () => [{ size: "count" }],
  },
  reference({ x, y }, { count, format }) {
    const halves = new Uint16Array(y.buffer, y.byteOffset, y.byteLength / 2);
    const bitsOf = FORMATS[format] === "bf16" ? bf16Bits : f16Bits;
    for (let i = 0; i < count; i++) halves[i] = bitsOf(x[i]);
    if (count % 2 === 1) halves[count] = 0;
  },
});

function f16Bits(value: number): number {
  return new Uint16Array(Float16Array.of(value).buffer)[0] ?? 0;
}

function bf16Bits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  if (Number.isNaN(value)) return bits >>> 16 | 0x40;
  return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
}

/** A tensor as an operand of products, and how it lies in memory. */
export interface Operand {
  readonly tensor: Tensor;
  readonly format: Format;
}

const copies = new WeakMap<PlanBuilder, Map<Tensor, Operand>>();

/** Records a copy of `x` [rows, columns] f32 in the plan's precision; `x` itself where that is f32. */
export function roundedOperand(plan: PlanBuilder, x: Tensor): Operand {
  if (plan.precision === "f32") return { tensor: x, format: "f32" };
  const y = plan.activation(`${plan.precision} of ${x.name}`, x.rows, Math.ceil(x.columns / 2), "u32");
  plan.dispatch(roundToHalf, [x, y], {
    count: scaleSize(x.rows, x.columns),
    format: FORMATS.indexOf(plan.precision),
  });
  return { tensor: y, format: plan.precision };
}

/** As {@linkcode roundedOperand}, but the copy is made once for all products of the plan: for tensors that don't change any more. */
export function sharedOperand(plan: PlanBuilder, x: Tensor): Operand {
  let known = copies.get(plan);
  if (!known) copies.set(plan, known = new Map());
  let operand = known.get(x);
  if (!operand) known.set(x, operand = roundedOperand(plan, x));
  return operand;
}
