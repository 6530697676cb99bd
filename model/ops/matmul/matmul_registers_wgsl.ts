import type { SizeOf } from "../../kernel.ts";
import type { MatmulTextSize } from "./matmul_single_wgsl.ts";
import {
  formatOf,
  lines,
  mainWgsl,
  type MatmulBlock,
  placeWgsl,
  readerWgsl,
  storeWgsl,
} from "./matmul_wgsl.ts";

/** Threads of a workgroup, neighbours along the columns of C: the width of a software adapter's vectors. */
const REGISTER_THREADS = 8;

/** What a workgroup computes whose threads hold `block` each. */
export function registersBlock({ rows, columns }: MatmulBlock): MatmulBlock {
  return { rows, columns: columns * REGISTER_THREADS };
}

/**
 * The WGSL of the product with a block of C in the registers of each thread and no workgroup memory, which software adapters are
 * fastest with: they have no such memory but the cache, and a barrier parks every thread. Rows and columns beyond the last are
 * computed as copies of the last and not stored.
 */
export function registersWgsl(size: SizeOf<MatmulTextSize>, block: MatmulBlock): string {
  const { rows, columns } = block;
  return `${readerWgsl("a", formatOf(size, "a"))}
${readerWgsl("b", formatOf(size, "b"))}
${storeWgsl(size, 1)}

${mainWgsl(REGISTER_THREADS)}
${placeWgsl(registersBlock(block))}
  let column = column0 + lane;
${lines(rows, (i) => `  let at_a${i} = a_base + min(row0 + ${i}u, rows - 1u) * a_row;`)}
${
    lines(columns, (j) =>
      `  let at_b${j} = b_base + min(column + ${j * REGISTER_THREADS}u, n - 1u) * b_column;`)
  }
${lines(rows, (i) => lines(columns, (j) => `  var c${i}_${j} = 0.0;`))}
  for (var x = k_start; x < k_end; x++) {
${lines(rows, (i) => `    let a${i} = read_a(at_a${i} + x * a_column);`)}
${lines(columns, (j) => `    let b${j} = read_b(at_b${j} + x * b_row);`)}
${lines(rows, (i) => lines(columns, (j) => `    c${i}_${j} = c${i}_${j} + a${i} * b${j};`))}
  }
${lines(columns, (j) => `  var s${j} = 0.0;`)}
  for (var i = 0u; i < ${rows}u; i++) {
    switch i {
${lines(rows, (i) => caseOfRow(rows, columns, i))}
    }
    if (row0 + i >= rows) { return; }
    let place = c_base + (row0 + i) * c_row + column;
${
    lines(columns, (j) => {
      const step = `${j * REGISTER_THREADS}u`;
      return `    if (column + ${step} < n) { store(place + ${step}, s${j}, column + ${step}, adds); }`;
    })
  }
  }
}
`;
}

/** Rows are stored by one text that loops over them: with one for each row, drivers compile the epilogues longer than the product. */
function caseOfRow(rows: number, columns: number, i: number): string {
  const moves = Array.from({ length: columns }, (_, j) => `s${j} = c${i}_${j};`).join(" ");
  return `      ${i === rows - 1 ? "default" : `case ${i}u`}: { ${moves} }`;
}
