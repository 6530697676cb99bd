import { ELEMENT_COUNTS, generators, live, type OpCase, zeros } from "../testdata_generators.ts";
import { dropoutKernel } from "./dropout.ts";

const { f32 } = generators(74);

/** One mask on several lengths. */
export const dropoutCases: readonly OpCase[] = ELEMENT_COUNTS.map((count) => ({
  kernel: dropoutKernel,
  shape: `${count}`,
  inputs: [f32(count), zeros(count)],
  sizes: {
    count: live("rows", 1, count),
    site: 3,
    key: live("dropout_key", 1, 2 ** 32 - 1),
    threshold: Math.round(0.3 * 2 ** 32),
    scale: 1 / 0.7,
    first: count === 5 ? 1_000_003 : 0,
  },
  scalars: { rows: count, dropout_key: 0xdeadbeef },
}));
