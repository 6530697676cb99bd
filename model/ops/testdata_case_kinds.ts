import type { Numbers } from "../kernel.ts";
import type { OpCase } from "./testdata_generators.ts";

/** Sizes that may be live but tell no extent. */
const SWITCHES = /accumulate|keep|key|gradient/;

/** Names of the sizes that say how far a kernel goes and may be live. */
function liveExtents({ kernel }: OpCase): readonly string[] {
  return kernel.live.filter((name) => !SWITCHES.test(name));
}

/** The value that a size of a case has. */
function valueOf(op: OpCase, name: string): number {
  const size = op.sizes[name];
  if (typeof size === "number" || size === undefined) return size ?? NaN;
  return (op.scalars?.[size.scalar] ?? NaN) * size.times;
}

/** How far a case goes: by convention the first of its kernel's sizes, of attention the places of all items. */
function extent(op: OpCase): number {
  const [first = "", ...others] = op.kernel.sizes;
  return valueOf(op, first) * (others.includes("length") ? valueOf(op, "length") : 1);
}

/** What is true of at least one case of every kernel. */
export const CASE_KINDS = {
  "one row or element": (op: OpCase) => extent(op) === 1,
  "an odd number": (op: OpCase) => extent(op) > 1 && extent(op) % 2 === 1,
  "many": (op: OpCase) => extent(op) >= 33,
  "a live size below its capacity": (op: OpCase) => {
    const extents = liveExtents(op);
    return extents.length === 0 || extents.some((name) => {
      const size = op.sizes[name];
      return typeof size === "object" && valueOf(op, name) < size.capacity;
    });
  },
  "values of ±10,000": (op: OpCase) =>
    op.extreme === true ||
    op.inputs.some((input, i) =>
      op.kernel.bindings[i]?.dtype === "f32" && input.some((value) => Math.abs(value) >= 5e3)
    ),
} as const;

/** Scalars of other cases, taken again for what was not live there: a device knows only a few. */
const SCALARS: readonly string[] = ["rows", "items", "runs"];

/** The case with all that may be live at about half of what it is. What lies beyond must stay as it is. */
function belowCapacity(op: OpCase): OpCase {
  const sizes = { ...op.sizes };
  const scalars: Record<string, number> = { ...op.scalars };
  const unused = SCALARS.filter((scalar) => scalars[scalar] === undefined);
  for (const name of liveExtents(op)) {
    const size = sizes[name] ?? 0;
    const value = valueOf(op, name);
    if (typeof size === "number") {
      const scalar = unused.shift();
      if (scalar === undefined) continue; // stays as it is
      sizes[name] = { scalar, times: 1, capacity: size };
      scalars[scalar] = Math.ceil(value / 2);
    } else {
      scalars[size.scalar] = Math.ceil(value / size.times / 2);
    }
  }
  return { ...op, shape: `${op.shape}, half of it`, sizes, scalars };
}

/** The case with all its f32 numbers 10,000 times as large. */
function extreme(op: OpCase): OpCase {
  const scaled = (input: Numbers, i: number): Numbers =>
    op.kernel.bindings[i]?.dtype === "f32" ? input.map((value) => value * 1e4) as Numbers : input;
  return { ...op, shape: `${op.shape}, 10,000 times as large`, inputs: op.inputs.map(scaled) };
}

/**
 * `cases` with, for every kernel that has none of its own, a case of fewer rows than capacity and one of large numbers. They come
 * of the kernel's longest case.
 */
export function completed(cases: readonly OpCase[]): readonly OpCase[] {
  const all = [...cases];
  for (const kernel of new Set(cases.map((op) => op.kernel))) {
    const own = cases.filter((op) => op.kernel === kernel);
    const op = own.reduce((a, b) => extent(a) > extent(b) ? a : b);
    if (!own.some(CASE_KINDS["a live size below its capacity"])) all.push(belowCapacity(op));
    if (!own.some(CASE_KINDS["values of ±10,000"])) all.push(extreme(op));
  }
  return all;
}
