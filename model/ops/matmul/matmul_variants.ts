import type { AdapterTraits, KernelVariant, KernelVariants, Size } from "../../kernel.ts";
import { capacityOf } from "../../kernel.ts";
import { FORMATS } from "../half/format.ts";
import { registersBlock, registersWgsl } from "./matmul_registers_wgsl.ts";
import { SINGLE_BLOCK, singleWgsl } from "./matmul_single_wgsl.ts";
import {
  MATRICES_ENABLES,
  matricesBlock,
  matricesBytes,
  matricesElements,
  matricesFit,
  matricesThreads,
  type MatricesTile,
  matricesWgsl,
} from "./matmul_matrices_wgsl.ts";
import type { MatmulSizes } from "./matmul_operand.ts";
import { type MatmulTile, tileBlock, tileBytes, tileElements, tilesWgsl } from "./matmul_tiles_wgsl.ts";
import { type MatmulBlock, matmulWorkgroups } from "./matmul_wgsl.ts";

/** Blocks of C in the registers of a thread: tall ones for few columns, low ones for few rows. */
const REGISTER_BLOCKS: readonly MatmulBlock[] = [
  { rows: 8, columns: 16 },
  { rows: 16, columns: 8 },
  { rows: 16, columns: 4 },
  { rows: 4, columns: 16 },
];

/** Tiles in workgroup memory, the largest first. */
const TILES: readonly MatmulTile[] = [
  { threadRows: 16, threadColumns: 16, rows: 8, columns: 8, depth: 16 },
  { threadRows: 16, threadColumns: 16, rows: 8, columns: 8, depth: 8 },
  { threadRows: 16, threadColumns: 8, rows: 8, columns: 8, depth: 16 },
  { threadRows: 8, threadColumns: 8, rows: 8, columns: 8, depth: 16 },
  { threadRows: 8, threadColumns: 8, rows: 8, columns: 4, depth: 16 },
  { threadRows: 8, threadColumns: 8, rows: 4, columns: 4, depth: 16 },
];

/** Tiles for matrix units, the largest first. */
const MATRICES: readonly MatricesTile[] = [
  { rows: 128, columns: 128, depth: 32, subgroupRows: 2, subgroupColumns: 4 },
  { rows: 64, columns: 128, depth: 32, subgroupRows: 2, subgroupColumns: 4 },
  { rows: 64, columns: 64, depth: 32, subgroupRows: 2, subgroupColumns: 2 },
  { rows: 32, columns: 32, depth: 32, subgroupRows: 2, subgroupColumns: 2 },
];

/** Multiplications up to which a software adapter takes longer to compile a text than to run the simplest one. */
const SMALL_WORK = 2 ** 20;

/** Multiplications beyond which the simplest text is out of the question: it would take seconds. */
const LARGE_WORK = 2 ** 28;

/** Workgroups that keep a large GPU busy: about twice its multiprocessors. */
const BUSY_WORKGROUPS = 256;

/** How the matrix product is computed on WebGPU. */
export const matmulVariants: KernelVariants = { shapeClass, list };

/** Products of one class are tuned together: extents up to the next power of two, which axes are contiguous, what goes with it. */
function shapeClass(sizes: MatmulSizes): string {
  const extents = [sizes.m, sizes.n, sizes.k].map((size) =>
    2 ** Math.ceil(Math.log2(Math.max(extent(size), 1)))
  );
  const batch = extent(sizes.outer) * extent(sizes.inner) * extent(sizes.splits);
  const layout = [sizes.a_column === 1 ? "N" : "T", sizes.b_column === 1 ? "N" : "T"].join("");
  const rest = [sizes.a_format, sizes.b_format, sizes.epilogue, sizes.has_bias].map((size) => extent(size));
  return `${extents.join("x")} of ${2 ** Math.ceil(Math.log2(batch))} ${layout} ${rest.join("")}`;
}

/**
 * Every way to compute a product of these sizes on an adapter, the built-in choice first. Software adapters take blocks of registers,
 * GPUs the largest tiles that still give all of their multiprocessors work; both the simplest text for what is small.
 */
function list(sizes: MatmulSizes, adapter: AdapterTraits): readonly KernelVariant[] {
  const registers = REGISTER_BLOCKS.map((block) => registersVariant(block));
  const tiles = TILES.filter((tile) =>
    tileBytes(tile) <= adapter.maxWorkgroupBytes &&
    tile.threadRows * tile.threadColumns <= adapter.maxInvocations
  ).map((tile) => tilesVariant(sizes, tile));
  const matrices = matricesVariants(sizes, adapter);
  const work = extent(sizes.m) * extent(sizes.n) * extent(sizes.k) * extent(sizes.outer) *
    extent(sizes.inner);
  const all = [...(work > LARGE_WORK ? [] : [single]), ...registers, ...tiles, ...matrices];
  const chosen = adapter.software
    ? softwareChoice(sizes)
    : gpuChoice(sizes, matrices.length > 0 ? matrices : tiles);
  return [...all].sort((x, y) => Number(y.name === chosen) - Number(x.name === chosen));
}

function softwareChoice({ m, n, k }: MatmulSizes): string {
  const [rows, columns] = [extent(m), extent(n)];
  if (rows * columns * extent(k) <= SMALL_WORK) return single.name;
  if (rows <= 4) return "registers 4x16";
  if (columns > 64) return "registers 8x16";
  return columns > 32 ? "registers 16x8" : "registers 16x4";
}

function gpuChoice(sizes: MatmulSizes, tiles: readonly KernelVariant[]): string {
  if (extent(sizes.m) * extent(sizes.n) <= 64) return single.name;
  const capacity = (name: string): number => extent(sizes[name]);
  // Depth 8 at this size is left to tuning; the smallest tile serves what never fills a GPU.
  const busy = tiles.find((tile) =>
    !tile.name.endsWith("x8") && Number(tile.workgroups(capacity)) >= BUSY_WORKGROUPS
  );
  return (busy ?? tiles.at(-1) ?? single).name;
}

const single: KernelVariant = {
  name: "single",
  wgsl: singleWgsl,
  workgroups: (size) => matmulWorkgroups(size, SINGLE_BLOCK),
};

function registersVariant(block: MatmulBlock): KernelVariant {
  return {
    name: `registers ${block.rows}x${block.columns}`,
    wgsl: (size) => registersWgsl(size, block),
    workgroups: (size) => matmulWorkgroups(size, registersBlock(block)),
  };
}

function tilesVariant(sizes: MatmulSizes, tile: MatmulTile): KernelVariant {
  const block = tileBlock(tile);
  return {
    name: `tiles ${block.rows}x${block.columns}x${tile.depth}`,
    wgsl: () => tilesWgsl(sizes, tile),
    workgroups: (size) => matmulWorkgroups(size, block),
    elements: tileElements(sizes),
  };
}

/** Products of f16 matrices on matrix units, where the adapter has them. */
function matricesVariants(sizes: MatmulSizes, adapter: AdapterTraits): KernelVariant[] {
  const matrix = adapter.matrices;
  if (!matrix || sizes.a_format !== F16 || sizes.b_format !== F16) return [];
  return MATRICES.filter((tile) =>
    matricesFit(tile, matrix) && matricesBytes(tile, matrix) <= adapter.maxWorkgroupBytes &&
    matricesThreads(tile, matrix) <= adapter.maxInvocations
  ).map((tile) => ({
    name: `matrices ${tile.rows}x${tile.columns}x${tile.depth}`,
    wgsl: () => matricesWgsl(sizes, tile, matrix),
    workgroups: (size) => matmulWorkgroups(size, matricesBlock(tile)),
    elements: matricesElements(sizes),
    enables: MATRICES_ENABLES,
  }));
}

const F16 = FORMATS.indexOf("f16");

function extent(size: Size | undefined): number {
  return capacityOf(size ?? 0);
}
