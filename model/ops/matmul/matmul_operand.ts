import type { Size, SizeOf } from "../../kernel.ts";
import type { Format } from "../half/format.ts";
import { formatOf } from "./matmul_wgsl.ts";

/** Every size of a product. */
export type MatmulSizes = Readonly<Record<string, Size>>;

/** How an operand lies in memory, seen from its tile: `w` is the axis that it shares with C. */
export interface Operand {
  readonly name: "a" | "b";
  readonly format: Format;
  readonly wStride: number;
  readonly kStride: number;
  /** Whether quads lie along k, because that is the contiguous axis. */
  readonly alongDepth: boolean;
  /** Whether four elements along the contiguous axis can be read at once, everywhere. */
  readonly inQuads: boolean;
  /** The depth, where it is known and the same for every split. */
  readonly depth: number | undefined;
}

/** How A or B lies in memory. */
export function operandOf(sizes: MatmulSizes, name: "a" | "b"): Operand {
  const size = constants(sizes);
  const [wStride, kStride] = name === "a"
    ? [size("a_row"), size("a_column")]
    : [size("b_column"), size("b_row")];
  const alongDepth = kStride === 1 && wStride !== 1;
  const extent = sizes[name === "a" ? "m" : "n"];
  const others = [size(`${name}_outer`), size(`${name}_inner`), alongDepth ? wStride : kStride];
  const along = alongDepth ? [sizes.k, sizes.k_split] : [extent];
  return {
    name,
    format: formatOf(size, name),
    wStride,
    kStride,
    alongDepth,
    inQuads: (alongDepth || wStride === 1) &&
      [...others, ...along].every((value) => typeof value === "number" && value % 4 === 0),
    depth: typeof sizes.k === "number" && (size("splits") === 1 || sizes.k % size("k_split") === 0)
      ? Math.min(sizes.k, size("k_split"))
      : undefined,
  };
}

/** Looks up sizes that are known when the text is made. Throws a RangeError for one that is live. */
export function constants(sizes: MatmulSizes): SizeOf {
  return (name) => {
    const size = sizes[name];
    if (typeof size !== "number") throw new RangeError(`the text of a product cannot depend on ${name}`);
    return size;
  };
}
