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
import { type AttentionConstant, forwardTile } from "./attention_tile.ts";

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
var<workgroup> tile_groups: array<i32, ${depth}>;
var<workgroup> greatest_group: atomic<i32>;

${MAIN(tile)}
  let blocks = (length + rows_of_workgroup - 1u) / rows_of_workgroup;
  let flat = flat_group(group, groups);
  if (flat >= items() * heads * blocks) { return; }
  let row = flat % blocks * rows_of_workgroup + own;
  let head = flat / blocks % heads;
  let item = flat / (blocks * heads);
  var greatest = 0;
  for (var j = lane; j < length; j += ${threads}u) { greatest = max(greatest, mask[item * length + j]); }
  atomicMax(&greatest_group, greatest);
  workgroupBarrier();
  let padding_group = atomicLoad(&greatest_group);
  let own_number = mask[item * length + min(row, length - 1u)];
  let own_group = select(own_number, padding_group, own_number == 0);
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
        tile_groups[lane] = -1;
        if (lane < count) {
          let number = mask[item * length + start + lane];
          tile_groups[lane] = select(number, -padding_group, number == 0);
        }
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
${exchangeScores(tile, scores)}      if (runs) {
      for (var j = 0u; j < count; j += ${group}u) {
${groupScores(tile, scores)}
${lines(group, (u) => `        let t${u} = select(-3.4e38, s${u}, tile_groups[j + ${u}u] == own_group);`)}
        let top = max(m, ${greatest});
        let shrink = exp(m - top);
${
    lines(group, (u) =>
      `        let e${u} = select(0.0, exp(s${u} - top), tile_groups[j + ${u}u] == own_group);`)
  }
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
      stats[place + 3u] = f32(select(own_number, -padding_group, own_number == 0));
    }
  }
}
`;
}
