import { ELEMENT_COUNTS, generators, type OpCase } from "../testdata_generators.ts";
import { accumulateKernel, fillZeroKernel } from "./accumulate.ts";

const { f32 } = generators(72);

function* cases(): Generator<OpCase> {
  for (const count of ELEMENT_COUNTS) {
    const shape = `${count}`;
    for (const accumulate of [0, 1]) {
      yield {
        kernel: accumulateKernel,
        shape,
        inputs: [f32(count), f32(count)],
        sizes: { count, accumulate },
      };
      yield { kernel: fillZeroKernel, shape, inputs: [f32(count)], sizes: { count, keep: accumulate } };
    }
  }
}

/** Sums that replace and that add. */
export const accumulateCases: readonly OpCase[] = [...cases()];
