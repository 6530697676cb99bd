import { generators, live, type OpCase } from "../testdata_generators.ts";
import { roundToHalf } from "./half.ts";

const { f32 } = generators(16);

/** Where rounding is delicate: ties, the smallest normal and subnormal halves, what overflows, infinities, NaN. */
const DELICATE = [
  ...[
    0,
    -0,
    1,
    -1,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -8,
    1 + 3 * 2 ** -8,
    2 ** -14,
    2 ** -15,
    2 ** -24,
  ],
  ...[2 ** -25, 3 * 2 ** -26, 1e-12, 1e-40, 65504, 65519.996, 65520, 65536, 1e9, -1e9, 3.4e38],
  ...[Infinity, -Infinity, NaN],
];

function* cases(): Generator<OpCase> {
  for (const [name, values] of [["delicate", Float32Array.from(DELICATE)], ["many", f32(10_007)]] as const) {
    for (const format of [1, 2]) {
      for (const count of [values.length, Math.ceil(values.length / 2), 1]) {
        yield {
          kernel: roundToHalf,
          shape: `${name}, ${count} of ${values.length} to format ${format}`,
          inputs: [values, new Uint32Array(Math.ceil(values.length / 2))],
          sizes: { count: live("rows", 1, values.length), format },
          scalars: { rows: count },
          tolerance: 1e-12, // the bits are the same
        };
      }
    }
  }
}

/** Roundings to both half formats. */
export const halfCases: readonly OpCase[] = [...cases()];
