import type { Dispatch } from "../device.ts";
import { capacityOf, type SizeOf } from "../kernel.ts";
import { EPILOGUES } from "../ops/matmul/epilogue.ts";
import { type MatmulKernel, matmulKernel } from "../ops/matmul/matmul_kernel.ts";
import type { KernelFunction } from "./replay.ts";
import type { SystemBlas } from "./system_blas.ts";

type MatmulSize = MatmulKernel["sizes"][number];

/** What the kernel of products through BLAS is called among the cpu's kernels. */
export const BLAS_MATMUL = "matmul_blas";

/** The largest tile: each is one call, large enough that packing costs little. */
const MOST_ROWS = 256;
const MOST_COLUMNS = 384;

/** With fewer tiles than this they are halved both ways, once. */
const ENOUGH_TILES = 12;

/** Where a parameter block has its sizes. */
const FIRST_SIZE = matmulKernel.bindings.length;

/**
 * Whether BLAS can compute a dispatch: a product of f32 whose matrices are row-major or transposed, and whose epilogue, where it is not
 * linear, does not add to what C held.
 */
export function fitsBlas({ kernel, sizes }: Dispatch): boolean {
  if (kernel.cpu !== matmulKernel.cpu) return false;
  const fixed = (name: MatmulSize): number => capacityOf(sizes[name] ?? 0);
  if (fixed("a_format") !== 0 || fixed("b_format") !== 0) return false;
  const epilogue = EPILOGUES[fixed("epilogue")];
  if ((epilogue === "gelu" || epilogue === "gelu_backward") && fixed("accumulate") !== 0) return false;
  const leads = (row: number, column: number, rows: number, columns: number): boolean =>
    column === 1 ? row >= columns : row === 1 && column >= rows;
  const [m, n, k] = [fixed("m"), fixed("n"), fixed("k")];
  return leads(fixed("a_row"), fixed("a_column"), m, k) && leads(fixed("b_row"), fixed("b_column"), k, n) &&
    fixed("c_row") >= n;
}

interface Tiling {
  readonly rows: number;
  readonly columns: number;
  readonly across: number;
  readonly down: number;
}

/** How C is cut: by its shape alone, so that the number of workers changes no bits. */
function tiling(size: SizeOf<"m" | "n" | "outer" | "inner" | "splits">): Tiling {
  const cut = (rows: number, columns: number): Tiling => ({
    rows,
    columns,
    across: Math.ceil(size("n") / columns),
    down: Math.ceil(size("m") / rows),
  });
  const tiles = cut(MOST_ROWS, MOST_COLUMNS);
  const enough = tiles.across * tiles.down * size("outer") * size("inner") * size("splits") >= ENOUGH_TILES;
  return enough ? tiles : cut(MOST_ROWS / 2, MOST_COLUMNS / 2);
}

/** Number of tiles of a product through BLAS. */
export function blasTiles(size: SizeOf<"m" | "n" | "outer" | "inner" | "splits">): number {
  const { across, down } = tiling(size);
  return across * down * size("outer") * size("inner") * size("splits");
}

/** The kernel: a call of BLAS for each tile, then bias and epilogue in WebAssembly over what it wrote. */
export function blasMatmul(
  memory: WebAssembly.Memory,
  exports: WebAssembly.Exports,
  blas: SystemBlas,
): KernelFunction {
  const finish = exports["finish_tile"] as (
    block: number,
    place: number,
    row: number,
    rows: number,
    columns: number,
  ) => void;
  const index = Object.fromEntries(matmulKernel.sizes.map((name, i) => [name, FIRST_SIZE + i])) as Record<
    MatmulSize,
    number
  >;
  let words = new Int32Array(memory.buffer);
  let floats = new Float32Array(memory.buffer);
  return (block, tile) => {
    if (words.buffer !== memory.buffer) { // it has grown
      words = new Int32Array(memory.buffer);
      floats = new Float32Array(memory.buffer);
    }
    const first = block >>> 2;
    const size = (name: MatmulSize): number => words[first + index[name]] ?? 0;
    const base = (binding: number): number => (words[first + binding] ?? 0) >>> 0;
    const { rows, columns, across, down } = tiling(size);
    const j0 = tile % across * columns;
    const r0 = Math.floor(tile / across) % down * rows;
    const batch = Math.floor(tile / (across * down));
    const split = batch % size("splits");
    const inner = Math.floor(batch / size("splits")) % size("inner");
    const outer = Math.floor(batch / (size("splits") * size("inner")));
    const k0 = split * size("k_split");
    const [m, n] = [Math.min(rows, size("m") - r0), Math.min(columns, size("n") - j0)];
    const k = Math.max(0, Math.min(size("k_split"), size("k") - k0));
    const place = outer * size("c_outer") + inner * size("c_inner") + split * size("c_split") +
      r0 * size("c_row") + j0;
    const matrix = (binding: number, offset: number, row: number, column: number) => ({
      address: base(binding) + 4 * offset,
      leading: Math.max(1, column === 1 ? row : column),
      transposed: column !== 1,
    });
    blas.sgemm(
      { m, n, k, alpha: floats[first + index.alpha] ?? 1, beta: size("accumulate") === 0 ? 0 : 1 },
      matrix(
        0,
        outer * size("a_outer") + inner * size("a_inner") + r0 * size("a_row") + k0 * size("a_column"),
        size("a_row"),
        size("a_column"),
      ),
      matrix(
        1,
        outer * size("b_outer") + inner * size("b_inner") + k0 * size("b_row") + j0 * size("b_column"),
        size("b_row"),
        size("b_column"),
      ),
      { address: base(4) + 4 * place, leading: size("c_row") },
    );
    if (size("has_bias") !== 0 || size("epilogue") !== 0) finish(block, place, j0, m, n);
  };
}
