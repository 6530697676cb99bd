import { ELEMENT_COUNTS, generators, type OpCase, zeros } from "../testdata_generators.ts";
import { geluBackward, geluForward } from "./gelu.ts";

const { f32 } = generators(76);

function* cases(): Generator<OpCase> {
  for (const count of ELEMENT_COUNTS) {
    const shape = `${count}`;
    const wide = f32(count, 6);
    wide[0] = 1e4;
    if (count > 1) wide[1] = -1e4;
    yield { kernel: geluForward, shape, inputs: [wide, zeros(count)], sizes: { count } };
    yield { kernel: geluBackward, shape, inputs: [wide, f32(count), zeros(count)], sizes: { count } };
  }
}

/** Arguments of ±6 and, at the ends, of ±10,000. */
export const geluCases: readonly OpCase[] = [...cases()];
