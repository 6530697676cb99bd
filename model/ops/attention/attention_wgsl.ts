import type { SizeOf } from "../../kernel.ts";

/** Sizes that the text depends on; the others are used by name. */
type AttentionConstant = "heads" | "length" | "words" | "head_size" | "queries" | "threshold";

/** How a workgroup divides its rows. */
interface AttentionTile {
  /** Rows (queries, or keys for dK and dV) of a workgroup. */
  readonly rows: number;
  /** Threads that share a row, each with a part of the head. */
  readonly parts: number;
  /** vec4s of a row that a thread holds. */
  readonly vectors: number;
  /** Rows that pass through workgroup memory at a time. */
  readonly depth: number;
  /** Of these, how many the text treats at once. */
  readonly group: number;
}

/** Floats of a row that a thread holds in registers at most, over all of its vectors. */
const REGISTERS = 128;

/** Threads of a workgroup that every adapter has. */
const MAX_THREADS = 256;

/** Of the 16 KiB of workgroup memory that every adapter has, what tiles and shared scores may take. */
const TILE_BYTES = 12288;

/** A product of the vectors that a thread holds (`held`0, …) with the rows of a tile. */
type Score = readonly [name: string, held: string, tile: string];

/** `held` vectors of a head stay in registers and `shared` scores are exchanged between the threads of a row. */
function tileOf(headSize: number, held: number, shared: number): AttentionTile {
  const whole = Math.ceil(headSize / 4);
  let parts = 1;
  while (parts < 8 && held * 4 * Math.ceil(whole / parts) > REGISTERS) parts *= 2;
  const vectors = Math.ceil(whole / parts);
  const rows = Math.min(64, MAX_THREADS / parts);
  const bytes = (depth: number): number =>
    2 * depth * parts * vectors * 16 + (parts > 1 ? shared * depth * parts * rows * 4 : 0);
  let depth = 32;
  while (depth > 2 && bytes(depth) > TILE_BYTES) depth /= 2;
  return { rows, parts, vectors, depth, group: Math.min(4, depth) };
}

const forwardTile = (size: SizeOf<"head_size">): AttentionTile => tileOf(size("head_size"), 2, 1);
const backwardTile = (size: SizeOf<"head_size">): AttentionTile => tileOf(size("head_size"), 4, 2);

/** Blocks of keys that do not cross from words to entities where those meet other queries. */
function keyBlocks(size: SizeOf<"length" | "words" | "queries">, rows: number): number {
  if (size("queries") === 1) return Math.ceil(size("length") / rows);
  return Math.ceil(size("words") / rows) + Math.ceil((size("length") - size("words")) / rows);
}

/** One workgroup a block of queries. */
export function attentionForwardWorkgroups(size: SizeOf<"items" | "heads" | "length" | "head_size">): number {
  return size("items") * size("heads") * Math.ceil(size("length") / forwardTile(size).rows);
}

/** One workgroup a block of queries for dQ, then one a block of keys for dK and dV. */
export function attentionBackwardWorkgroups(
  size: SizeOf<"items" | "heads" | "length" | "words" | "queries" | "head_size">,
): number {
  const { rows } = backwardTile(size);
  return size("items") * size("heads") * (Math.ceil(size("length") / rows) + keyBlocks(size, rows));
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** Text that both kernels have: tiles, ranges of keys, and reading four elements of a head's row, zeros beyond its end. */
function prelude(size: SizeOf<AttentionConstant>, tile: AttentionTile, reads: readonly string[]): string {
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
var<workgroup> tile_seen: array<u32, ${depth}>;

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
function loadTiles(tile: AttentionTile, a: (row: string) => string, b: (row: string) => string): string {
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
function groupScores(tile: AttentionTile, names: readonly Score[]): string {
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
function exchangeScores(tile: AttentionTile, names: readonly Score[]): string {
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

function sharedScores(tile: AttentionTile, names: readonly string[]): string {
  if (tile.parts === 1) return "";
  const length = tile.depth * tile.parts * tile.rows;
  return names.map((name) => `var<workgroup> shared_${name}: array<f32, ${length}>;`).join("\n");
}

const MAIN = (tile: AttentionTile): string =>
  `@compute @workgroup_size(${tile.rows * tile.parts})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let own = lane % ${tile.rows}u;
  let part = lane / ${tile.rows}u;
  let first = part * held; // the thread's first vector of a row`;

/** Four elements of a head's row at `place` from vector `i` of the thread on. */
function storeVector(
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

/**
 * The WGSL of the forward pass. A thread holds a query (or a part of one) and its context in registers; keys and values pass through
 * workgroup memory. The softmax is online: the context and the sum shrink whenever a greater score turns up. Loops over
 * the head are unrolled here, since WGSL compilers guard each loop and index register arrays badly.
 */
export function attentionForwardWgsl(size: SizeOf<AttentionConstant>): string {
  const tile = forwardTile(size);
  const { vectors, depth, group, rows, parts } = tile;
  const threads = rows * parts;
  const scores: Score[] = [["s", "q", "tile_a"]];
  const drops = size("threshold") > 0;
  const members = Array.from({ length: group }, (_, u) => u);
  const greatest = members.map((u) => `t${u}`).reduce((a, b) => `max(${a}, ${b})`);
  return `${prelude(size, tile, ["q", "k", "v"])}
${sharedScores(tile, ["s"])}
var<workgroup> sees_any: atomic<u32>;

${MAIN(tile)}
  let blocks = (length + rows_of_workgroup - 1u) / rows_of_workgroup;
  let flat = flat_group(group, groups);
  if (flat >= items() * heads * blocks) { return; }
  let row = flat % blocks * rows_of_workgroup + own;
  let head = flat / blocks % heads;
  let item = flat / (blocks * heads);
  for (var j = lane; j < length; j += ${threads}u) {
    if (mask[item * length + j] != 0) { atomicStore(&sees_any, 1u); }
  }
  workgroupBarrier();
  let sees_none = atomicLoad(&sees_any) == 0u;
  let element = element_row(item, head, row);
  let place0 = dropout_place();
  var m = -3.4e38;
  var sum = 0.0;
${lines(vectors, (i) => `  var o${i} = vec4<f32>();`)}
  for (var range = 0u; range < queries; range += 1u) {
    let query = (item * queries + range) * length + min(row, length - 1u);
${lines(vectors, (i) => `    let q${i} = read_q(query, head, (first + ${i}u) * 4u) * scale;`)}
    let end = range_end(range);
    for (var start = range_begin(range); start < end; start += ${depth}u) {
      let count = min(${depth}u, end - start);
      if (lane < ${depth}u) {
        tile_seen[lane] = 0u;
        if (lane < count) { tile_seen[lane] = select(0u, 1u, sees_none || mask[item * length + start + lane] != 0); }
      }
${
    loadTiles(
      tile,
      (row) => `read_k(item * length + ${row}, head, d)`,
      (row) => `read_v(item * length + ${row}, head, d)`,
    )
  }
      workgroupBarrier();
      let runs = ${Array.from({ length: depth }, (_, j) => `tile_seen[${j}]`).join(" + ")} > 0u;
${exchangeScores(tile, scores)}      if (runs) {
      for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, scores)}
${lines(group, (u) => `        let t${u} = select(-3.4e38, s${u}, tile_seen[j + ${u}u] != 0u);`)}
        let top = max(m, ${greatest});
        let shrink = exp(m - top);
${lines(group, (u) => `        let e${u} = select(0.0, exp(s${u} - top), tile_seen[j + ${u}u] != 0u);`)}
        sum = sum * shrink + (${members.map((u) => `e${u}`).join(" + ")});
        m = top;
        let place = j * vectors + first;
${
    lines(group, (u) =>
      `        let p${u} = ${
        drops
          ? `select(0.0, e${u} * dropout_scale, dropout_keeps(element + start + j + ${u}u, place0))`
          : `e${u}`
      };`)
  }
${
    lines(vectors, (i) =>
      `        o${i} = o${i} * shrink${
        members.map((u) =>
          ` + p${u} * tile_b[place + ${u}u * vectors + ${i}u]`
        ).join("")
      };`)
  }
      }
      }
      workgroupBarrier();
    }
  }
  if (row < length) {
    let inverse = 1.0 / sum;
    {
      let place = ((item * length + row) * heads + head) * head_size + first * 4u;
${
    lines(vectors, (i) =>
      storeVector(size, tile, i, (place, component) =>
        `context[${place}] = o${i}.${component} * inverse;`))
  }
    }
    if (part == 0u) {
      let place = ((item * heads + head) * length + row) * 4u;
      stats[place] = m;
      stats[place + 1u] = log(sum);
      stats[place + 2u] = 0.0;
      stats[place + 3u] = select(0.0, 1.0, sees_none || mask[item * length + row] != 0);
    }
  }
}
`;
}

/**
 * The WGSL of the backward pass. The first workgroups hold queries and stream keys and values for dQ; the others hold keys and stream
 * queries and the context's gradients for dK and dV. Each computes the probabilities again.
 */
export function attentionBackwardWgsl(size: SizeOf<AttentionConstant>): string {
  const tile = backwardTile(size);
  const { vectors, depth, group, rows } = tile;
  const members = Array.from({ length: group }, (_, u) => u);
  const drops = size("threshold") > 0;
  const sum = (text: (u: number) => string): string => members.map(text).join("");
  const forQueries: Score[] = [["s", "q", "tile_a"], ["g", "c", "tile_b"]];
  const forKeys: Score[] = [["s", "k", "tile_a"], ["g", "v", "tile_b"]];
  const store = (gradient: string, value: string): string =>
    lines(vectors, (i) =>
      storeVector(
        size,
        tile,
        i,
        (place, component) =>
          `${gradient}[${place}] = ${value}${i}.${component} + select(0.0, ${gradient}[${place}], adds_${gradient});`,
      ));
  return `${prelude(size, tile, ["q", "k", "v", "dcontext"])}
${sharedScores(tile, ["s", "g"])}
var<workgroup> tile_stats: array<vec4<f32>, ${depth}>;

fn read_stats(item: u32, head: u32, row: u32) -> vec4<f32> {
  let p = ((item * heads + head) * length + row) * 4u;
  return vec4<f32>(stats[p], stats[p + 1u], stats[p + 2u], stats[p + 3u]);
}

${MAIN(tile)}
  let query_blocks = (length + rows_of_workgroup - 1u) / rows_of_workgroup;
  let flat = flat_group(group, groups);
  let queries_end = items() * heads * query_blocks;
  let place0 = dropout_place();
  let adds_dq = accumulate_q() != 0u;
  let adds_dk = accumulate_k() != 0u;
  let adds_dv = accumulate_v() != 0u;
  if (flat < queries_end) {
    let row = flat % query_blocks * rows_of_workgroup + own;
    let safe_row = min(row, length - 1u);
    let head = flat / query_blocks % heads;
    let item = flat / (query_blocks * heads);
    let element = element_row(item, head, row);
    let known = read_stats(item, head, safe_row);
${
    lines(vectors, (i) =>
      `    let c${i} = read_dcontext(item * length + safe_row, head, (first + ${i}u) * 4u);`)
  }
    for (var range = 0u; range < queries; range += 1u) {
      let query = (item * queries + range) * length;
${lines(vectors, (i) => `      let q${i} = read_q(query + safe_row, head, (first + ${i}u) * 4u) * scale;`)}
${lines(vectors, (i) => `      var x${i} = vec4<f32>();`)}
      let end = range_end(range);
      for (var start = range_begin(range); start < end; start += ${depth}u) {
        let count = min(${depth}u, end - start);
        if (lane < ${depth}u) {
          tile_seen[lane] = 0u;
          if (lane < count) { tile_seen[lane] = select(0u, 1u, read_stats(item, head, start + lane).w != 0.0); }
        }
${
    loadTiles(
      tile,
      (row) => `read_k(item * length + ${row}, head, d)`,
      (row) => `read_v(item * length + ${row}, head, d)`,
    )
  }
        workgroupBarrier();
        let runs = ${Array.from({ length: depth }, (_, j) => `tile_seen[${j}]`).join(" + ")} > 0u;
${exchangeScores(tile, forQueries)}        if (runs) {
        for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, forQueries)}
${
    lines(group, (u) =>
      `        let p${u} = select(0.0, exp(s${u} - known.x - known.y), tile_seen[j + ${u}u] != 0u);`)
  }
${
    lines(group, (u) =>
      `        let d${u} = p${u} * (${
        drops
          ? `select(0.0, g${u} * dropout_scale, dropout_keeps(element + start + j + ${u}u, place0))`
          : `g${u}`
      } - known.z) * scale;`)
  }
        let place = j * vectors + first;
${
    lines(vectors, (i) =>
      `        x${i} = x${i}${sum((u) => ` + d${u} * tile_a[place + ${u}u * vectors + ${i}u]`)};`)
  }
        }
        }
        workgroupBarrier();
      }
      if (row < length) {
        let place = ((query + row) * heads + head) * head_size + first * 4u;
${store("dq", "x")}
      }
    }
    return;
  }
  let flat_keys = flat - queries_end;
  let key_blocks = ${keyBlocks(size, rows)}u;
  if (flat_keys >= items() * heads * key_blocks) { return; }
  let block = flat_keys % key_blocks;
  let head = flat_keys / key_blocks % heads;
  let item = flat_keys / (key_blocks * heads);
  ${
    size("queries") === 1
      ? "let range = 0u;\n  let key_row = block * rows_of_workgroup + own;"
      : `let word_blocks = (words + rows_of_workgroup - 1u) / rows_of_workgroup;
  let range = select(0u, 1u, block >= word_blocks);
  let key_row = select(block * rows_of_workgroup, words + (block - word_blocks) * rows_of_workgroup, range == 1u) + own;`
  }
  let key_end = range_end(range);
  let safe_key = min(key_row, length - 1u);
  let seen = key_row < key_end && read_stats(item, head, safe_key).w != 0.0;
${lines(vectors, (i) => `  let k${i} = read_k(item * length + safe_key, head, (first + ${i}u) * 4u);`)}
${lines(vectors, (i) => `  let v${i} = read_v(item * length + safe_key, head, (first + ${i}u) * 4u);`)}
${lines(vectors, (i) => `  var x${i} = vec4<f32>();\n  var y${i} = vec4<f32>();`)}
  let query = (item * queries + range) * length;
  let runs = true;
  let end = length;
  for (var start = 0u; start < length; start += ${depth}u) {
      let count = min(${depth}u, end - start);
      if (lane < count) { tile_stats[lane] = read_stats(item, head, start + lane); }
${
    loadTiles(
      tile,
      (row) => `read_q(query + ${row}, head, d) * scale`,
      (row) => `read_dcontext(item * length + ${row}, head, d)`,
    )
  }
      workgroupBarrier();
${exchangeScores(tile, forKeys)}      for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, forKeys)}
${
    lines(group, (u) => {
      const drop = drops
        ? `        let f${u} = select(0.0, dropout_scale, dropout_keeps(element_row(item, head, start + j + ${u}u) + key_row, place0));\n`
        : "";
      return `        let n${u} = tile_stats[j + ${u}u];
        let p${u} = select(0.0, exp(s${u} - n${u}.x - n${u}.y), seen && j + ${u}u < count);
${drop}        let d${u} = p${u} * (g${u}${drops ? ` * f${u}` : ""} - n${u}.z);
        let w${u} = p${u}${drops ? ` * f${u}` : ""};`;
    })
  }
        let place = j * vectors + first;
${
    lines(vectors, (i) =>
      `        x${i} = x${i}${
        sum((u) => ` + d${u} * tile_a[place + ${u}u * vectors + ${i}u]`)
      };
        y${i} = y${i}${sum((u) => ` + w${u} * tile_b[place + ${u}u * vectors + ${i}u]`)};`)
  }
      }
      workgroupBarrier();
  }
  if (key_row < key_end) {
      let place = ((item * length + key_row) * heads + head) * head_size + first * 4u;
${store("dk", "x")}
${store("dv", "y")}
  }
}
`;
}
