import { capacityOf, type Size } from "../../kernel.ts";
import type { PlanBuilder, Tensor } from "../../plan.ts";
import { type Format, FORMATS } from "../half/format.ts";
import { sumPartialsKernel } from "../sum/sum.ts";
import { type Epilogue, EPILOGUES } from "./epilogue.ts";
import { matmulKernelOf } from "./matmul_kernel.ts";

/** Rows and columns of the tiles of C that decide whether k is split; what devices take for tiles is their own affair. */
const TILE = 64;

/** Along k, a product whose own tiles are too few to share out is cut into pieces of a multiple of this many steps. */
const SPLIT_ROWS = 256;

/** Into no more pieces than give this many tiles: the gradient of a head's states sums over a whole vocabulary. */
const ENOUGH_TILES = 128;

/** With fewer tiles than this, k is split. */
const FEW_TILES = 16;

/** A gradient of a weight is cut up to so many blocks of 128 × 128: what keeps a large GPU busy. */
const BUSY_BLOCKS = 256;

/** Such pieces are no shorter than this, so that adding them up costs next to nothing beside them. */
const LONG_SPLIT_ROWS = 1024;

/** A matrix of a product: `row` and `column` are the strides in elements, `outer` and `inner` those of the batch. */
export interface MatrixLayout {
  readonly tensor: Tensor;
  /** How the elements lie in memory; f32 unless said. Strides count elements. */
  readonly format?: Format;
  readonly row: number;
  readonly column: number;
  readonly outer?: number;
  readonly inner?: number;
}

/** Shape of a product, and what goes with it. */
export interface MatmulShape {
  readonly m: Size;
  readonly n: number;
  readonly k: Size;
  readonly outer?: Size;
  readonly inner?: number;
  readonly alpha?: number;
  readonly bias?: Tensor;
  readonly accumulate?: Size;
  /** What becomes of the product before it is stored, and the matrix D that goes with it, laid out like C. */
  readonly epilogue?: { readonly kind: Exclude<Epilogue, "none">; readonly d: Tensor };
}

/** Records one product; the column stride of C is 1. */
export function matmul(
  plan: PlanBuilder,
  a: MatrixLayout,
  b: MatrixLayout,
  c: MatrixLayout,
  shape: MatmulShape,
): void {
  const strides = {
    a_row: a.row,
    a_column: a.column,
    b_row: b.row,
    b_column: b.column,
    c_row: c.row,
    a_outer: a.outer ?? 0,
    a_inner: a.inner ?? 0,
    b_outer: b.outer ?? 0,
    b_inner: b.inner ?? 0,
    c_outer: c.outer ?? 0,
    c_inner: c.inner ?? 0,
  };
  const { m, n, k, outer = 1, inner = 1, alpha = 1, bias, accumulate = 0, epilogue } = shape;
  const kernel = matmulKernelOf({
    epilogue: epilogue?.kind ?? "none",
    bias: bias !== undefined,
    a: a.format ?? "f32",
    b: b.format ?? "f32",
  });
  const common = {
    m,
    n,
    k,
    ...strides,
    outer,
    inner,
    has_bias: bias ? 1 : 0,
    alpha,
    a_format: FORMATS.indexOf(a.format ?? "f32"),
    b_format: FORMATS.indexOf(b.format ?? "f32"),
    epilogue: EPILOGUES.indexOf(epilogue?.kind ?? "none"),
  };
  const depth = capacityOf(k);
  const splitDepth = splitDepthOf(m, n, depth);
  const splits = Math.ceil(depth / splitDepth);
  const splittable = outer === 1 && inner === 1 && !bias && !epilogue && c.row === n;
  if (!splittable || splits < 2) {
    plan.dispatch(kernel, [a.tensor, b.tensor, bias ?? a.tensor, epilogue?.d ?? a.tensor, c.tensor], {
      ...common,
      splits: 1,
      k_split: Math.max(depth, 1),
      c_split: 0,
      accumulate,
    });
    return;
  }
  const count = capacityOf(m) * n;
  const partials = plan.activation(`partials of ${c.tensor.name}`, splits, count);
  plan.dispatch(kernel, [a.tensor, b.tensor, a.tensor, a.tensor, partials], {
    ...common,
    splits,
    k_split: splitDepth,
    c_split: count,
    accumulate: 0,
  });
  plan.dispatch(sumPartialsKernel, [partials, c.tensor], {
    count,
    blocks: splits,
    stride: count,
    offset: 0,
    accumulate,
  });
}

/** The length of the pieces of k, decided by the shape alone so that it never changes bits. */
function splitDepthOf(m: Size, n: number, depth: number): number {
  const blocks = (side: number): number => Math.ceil(capacityOf(m) / side) * Math.ceil(n / side);
  const pieceOf = (pieces: number): number =>
    Math.max(Math.ceil(depth / pieces / SPLIT_ROWS), 1) * SPLIT_ROWS;
  const tiles = blocks(TILE);
  if (tiles > 0 && tiles < FEW_TILES) return pieceOf(ENOUGH_TILES / tiles);
  if (typeof m !== "number") return Math.max(depth, 1);
  const wanted = Math.ceil(BUSY_BLOCKS / blocks(2 * TILE));
  return pieceOf(Math.max(Math.min(wanted, Math.floor(depth / LONG_SPLIT_ROWS)), 1));
}
