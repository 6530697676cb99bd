import type { SizeOf } from "../../kernel.ts";
import type { AttentionConstant, AttentionTile } from "./attention_tile.ts";

/** A product of the vectors that a thread holds (`held`0, …) with the rows of a tile. */
export type Score = readonly [name: string, held: string, tile: string];

/** `count` lines of text. */
export function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** Text that both kernels have: tiles, ranges of keys, and reading four elements of a head's row, zeros beyond its end. */
export function prelude(
  size: SizeOf<AttentionConstant>,
  tile: AttentionTile,
  reads: readonly string[],
): string {
  const { parts, vectors, depth, rows } = tile;
  const exact = parts * vectors * 4 === size("head_size");
  const one = (name: string, c: number): string =>
    exact ? `${name}[p + ${c}u]` : `select(0.0, ${name}[p + ${c}u], d + ${c}u < head_size)`;
  const read = (name: string): string =>
    `fn read_${name}(row: u32, head: u32, d: u32) -> vec4<f32> {
  let p = (row * heads + head) * head_size + d;
  return vec4<f32>(${[0, 1, 2, 3].map((c) => one(name, c)).join(", ")});
}`;
  return `
const vectors = ${parts * vectors}u; // vec4s of a row in a tile
const held = ${vectors}u; // of them, a thread's
var<workgroup> tile_a: array<vec4<f32>, ${depth * parts * vectors}>;
var<workgroup> tile_b: array<vec4<f32>, ${depth * parts * vectors}>;

${reads.map(read).join("\n")}

fn element_row(item: u32, head: u32, row: u32) -> u32 {
  return (((first_item() + item) * heads + head) * length + row) * length;
}
${
    size("queries") === 1
      ? `fn range_begin(range: u32) -> u32 { return 0u; }
fn range_end(range: u32) -> u32 { return length; }`
      : `fn range_begin(range: u32) -> u32 { return select(0u, words, range == 1u); }
fn range_end(range: u32) -> u32 { return select(words, length, range == 1u); }`
  }
const rows_of_workgroup = ${rows}u;
`;
}

/** Copies rows `start` to `start + depth` of two matrices into the tiles; rows at or beyond `end` become zeros. */
export function loadTiles(
  tile: AttentionTile,
  a: (row: string) => string,
  b: (row: string) => string,
): string {
  const { depth, parts, vectors, rows } = tile;
  const [count, threads] = [depth * parts * vectors, rows * parts];
  return lines(Math.ceil(count / threads), (i) => {
    const body = `let e = lane + ${i * threads}u;
        let row = start + e / vectors;
        let d = e % vectors * 4u;
        tile_a[e] = vec4<f32>();
        tile_b[e] = vec4<f32>();
        if (row < end) {
          tile_a[e] = ${a("row")};
          tile_b[e] = ${b("row")};
        }`;
    return (i + 1) * threads > count
      ? `      if (lane + ${i * threads}u < ${count}u) {\n        ${body}\n      }`
      : `      {\n        ${body}\n      }`;
  });
}

/** Σ of the products of a thread's vectors `held`0, `held`1, … with those of a tile from `place` on. */
function dotText(tile: AttentionTile, held: string, values: string, place: string): string {
  const terms = Array.from({ length: tile.vectors }, (_, i) => `${held}${i} * ${values}[${place} + ${i}u]`);
  return `dot(${terms.join(" + ")}, vec4<f32>(1.0))`;
}

/**
 * For each of `names`, a score of a thread's row with each row of the group. Threads that share a row have exchanged their parts in
 * `shared_NAME`, else the whole product is written here.
 */
export function groupScores(tile: AttentionTile, names: readonly Score[]): string {
  const { parts, group, rows } = tile;
  return names.map(([name, held, values]) =>
    lines(group, (u) => {
      if (parts === 1) {
        return `        let ${name}${u} = ${dotText(tile, held, values, `(j + ${u}u) * vectors`)};`;
      }
      const part = (p: number): string =>
        `shared_${name}[((j + ${u}u) * ${parts}u + ${p}u) * ${rows}u + own]`;
      return `        let ${name}${u} = ${Array.from({ length: parts }, (_, p) => part(p)).join(" + ")};`;
    })
  ).join("\n");
}

/** Where threads share rows: the parts of all scores of the tile, and a barrier. */
export function exchangeScores(tile: AttentionTile, names: readonly Score[]): string {
  if (tile.parts === 1) return "";
  return `      if (runs) {
        for (var j = 0u; j < count; j += 1u) {
          let place = j * vectors + part * held;
          let slot = (j * ${tile.parts}u + part) * ${tile.rows}u + own;
${
    names.map(([name, held, values]) =>
      `          shared_${name}[slot] = ${dotText(tile, held, values, "place")};`
    ).join("\n")
  }
        }
      }
      workgroupBarrier();
`;
}

/** Where threads share rows: the workgroup memory of their scores. */
export function sharedScores(tile: AttentionTile, names: readonly string[]): string {
  if (tile.parts === 1) return "";
  const length = tile.depth * tile.parts * tile.rows;
  return names.map((name) => `var<workgroup> shared_${name}: array<f32, ${length}>;`).join("\n");
}

/** Whether a thread whose row is of the group `own_group` meets a row of the tile, whose groups are `group(j)`. */
export function meetsTile(tile: AttentionTile, group: (j: number) => string): string {
  return Array.from({ length: tile.depth }, (_, j) => `(${group(j)} == own_group)`).join(" | ");
}

/** The head of the entry point: which row, and which part of it, is a thread's. */
export const MAIN = (tile: AttentionTile): string =>
  `@compute @workgroup_size(${tile.rows * tile.parts})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let own = lane % ${tile.rows}u;
  let part = lane / ${tile.rows}u;
  let first = part * held; // the thread's first vector of a row`;

/** Four elements of a head's row at `place` from vector `i` of the thread on. */
export function storeVector(
  size: SizeOf<"head_size">,
  tile: AttentionTile,
  i: number,
  store: (place: string, component: string) => string,
): string {
  const exact = tile.parts * tile.vectors * 4 === size("head_size");
  return ["x", "y", "z", "w"].map((component, c) => {
    const text = store(`place + ${4 * i + c}u`, component);
    return exact ? `      ${text}` : `      if (first * 4u + ${4 * i + c}u < head_size) { ${text} }`;
  }).join("\n");
}
