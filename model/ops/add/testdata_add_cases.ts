import { ELEMENT_COUNTS, generators, type OpCase, zeros } from "../testdata_generators.ts";
import { accumulateKernel, addKernel, fillZeroKernel } from "./add.ts";

const { f32 } = generators(72);

function* cases(): Generator<OpCase> {
  for (const count of ELEMENT_COUNTS) {
    const shape = `${count}`;
    yield { kernel: addKernel, shape, inputs: [f32(count), f32(count), zeros(count)], sizes: { count } };
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
export const addCases: readonly OpCase[] = [...cases()];
