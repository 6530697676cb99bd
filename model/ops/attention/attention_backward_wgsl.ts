import type { SizeOf } from "../../kernel.ts";
import {
  exchangeScores,
  groupScores,
  lines,
  loadTiles,
  MAIN,
  meetsTile,
  prelude,
  type Score,
  sharedScores,
  storeVector,
} from "./attention_text.ts";
import { type AttentionConstant, backwardTile, keyBlocks } from "./attention_tile.ts";

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
var<workgroup> tile_groups: array<f32, ${depth}>;
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
    let own_group = abs(known.w);
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
          tile_groups[lane] = -1.0;
          if (lane < count) { tile_groups[lane] = read_stats(item, head, start + lane).w; }
        }
${
    loadTiles(
      tile,
      (row) => `read_k(item * length + ${row}, head, d)`,
      (row) => `read_v(item * length + ${row}, head, d)`,
    )
  }
        workgroupBarrier();
        let runs = ${meetsTile(tile, (j) => `tile_groups[${j}]`)};
${exchangeScores(tile, forQueries)}        if (runs) {
        for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, forQueries)}
${
    lines(group, (u) =>
      `        let p${u} = select(0.0, exp(s${u} - known.x - known.y), tile_groups[j + ${u}u] == own_group);`)
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
  let key_group = read_stats(item, head, safe_key).w;
  let own_group = select(-2.0, key_group, key_row < key_end && key_group >= 0.0);
${lines(vectors, (i) => `  let k${i} = read_k(item * length + safe_key, head, (first + ${i}u) * 4u);`)}
${lines(vectors, (i) => `  let v${i} = read_v(item * length + safe_key, head, (first + ${i}u) * 4u);`)}
${lines(vectors, (i) => `  var x${i} = vec4<f32>();\n  var y${i} = vec4<f32>();`)}
  let query = (item * queries + range) * length;
  let end = length;
  for (var start = 0u; start < length; start += ${depth}u) {
      let count = min(${depth}u, end - start);
      if (lane < ${depth}u) {
        tile_groups[lane] = -1.0;
        if (lane < count) {
          tile_stats[lane] = read_stats(item, head, start + lane);
          tile_groups[lane] = abs(tile_stats[lane].w);
        }
      }
${
    loadTiles(
      tile,
      (row) => `read_q(query + ${row}, head, d) * scale`,
      (row) => `read_dcontext(item * length + ${row}, head, d)`,
    )
  }
      workgroupBarrier();
      let runs = ${meetsTile(tile, (j) => `tile_groups[${j}]`)};
${exchangeScores(tile, forKeys)}      if (runs) {
      for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, forKeys)}
${
    lines(group, (u) => {
      const drop = drops
        ? `        let f${u} = select(0.0, dropout_scale, dropout_keeps(element_row(item, head, start + j + ${u}u) + key_row, place0));\n`
        : "";
      return `        let n${u} = tile_stats[j + ${u}u];
        let p${u} = select(0.0, exp(s${u} - n${u}.x - n${u}.y), tile_groups[j + ${u}u] == own_group);
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
