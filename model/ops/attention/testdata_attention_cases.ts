import { generators, live, type OpCase, zeros } from "../testdata_generators.ts";
import { attentionBackward, attentionDelta, attentionForward, STATS } from "./attention_kernel.ts";

const { f32, i32 } = generators(81);

interface Shape {
  readonly items: number;
  readonly heads: number;
  readonly length: number;
  readonly size: number;
  /** Words of a sequence where queries are entity-aware. */
  readonly words?: number;
  readonly dropout?: number;
  /** Scores go up to about this. */
  readonly extreme?: number;
  /** What the mask sees. */
  readonly sees?: "all" | "none" | "padding" | "groups" | "mixed groups";
  /** As of an {@linkcode OpCase}. */
  readonly dear?: boolean;
}

const SHAPES: readonly Shape[] = [
  { items: 1, heads: 1, length: 1, size: 1 },
  { items: 3, heads: 2, length: 5, size: 5, dropout: 0.3 },
  { items: 2, heads: 2, length: 70, size: 16, sees: "padding", dropout: 0.1 },
  { items: 1, heads: 1, length: 61, size: 72, sees: "all" }, // threads share a row, cpu blocks are smaller
  { items: 2, heads: 1, length: 9, size: 4, sees: "none" },
  { items: 2, heads: 3, length: 75, size: 8, words: 70, sees: "padding", dropout: 0.2 },
  { items: 1, heads: 1, length: 7, size: 4, words: 7, sees: "all" },
  { items: 16, heads: 1, length: 8, size: 8, words: 5, dropout: 0.2 }, // can be cut into pieces
  { items: 1, heads: 2, length: 12, size: 4, extreme: 1e4, sees: "all" },
  { items: 2, heads: 2, length: 70, size: 16, sees: "groups", dropout: 0.1 },
  { items: 2, heads: 3, length: 75, size: 8, words: 70, sees: "groups", dropout: 0.2 },
  { items: 3, heads: 1, length: 230, size: 4, sees: "groups", dear: true }, // many pairs of the cpu's blocks share no group
  { items: 16, heads: 1, length: 8, size: 8, words: 5, sees: "mixed groups", dropout: 0.2 },
];

/**
 * A sequence of several texts: the first is one word long, the last words are padding; then entities of any of them, some of them
 * padding.
 */
function packedRow(length: number, words: number): Int32Array {
  const row = new Int32Array(length);
  let group = 1;
  let end = 1;
  for (let place = 0; place < words - 3; place++) {
    if (place === end) {
      group++;
      end += 1 + (i32(1, 40)[0] ?? 0);
    }
    row[place] = group;
  }
  row.set(i32(length - words, group + 1), words);
  return row;
}

function maskOf({ items, length, words = length, sees }: Shape): Int32Array {
  const mask = i32(items * length, 2);
  if (sees === "all") mask.fill(1);
  if (sees === "none") mask.fill(0);
  // Only the first third of the last item, so that whole blocks of keys are padding.
  if (sees === "padding") mask.fill(1).fill(0, items * length - Math.ceil(length * 2 / 3));
  if (sees === "groups") {
    for (let item = 0; item < items; item++) mask.set(packedRow(length, words), item * length);
    mask.fill(0, (items - 1) * length); // nothing but padding
  }
  if (sees === "mixed groups") mask.set(i32(mask.length, 4));
  return mask;
}

function* casesOf(shape: Shape): Generator<OpCase> {
  const { items, heads, length, size, words, dropout = 0, extreme, sees, dear = false } = shape;
  const queries = words === undefined ? 1 : 2;
  const count = items * length * heads * size;
  const name = `${items} × ${heads} heads × ${length} × ${size}${
    words === undefined ? "" : `, ${words} words`
  }${sees === undefined ? "" : `, sees ${sees}`}`;
  // Extreme queries and keys are whole numbers: their scores are exact, so that f32 is as close as elsewhere.
  const factor = (length: number): Float32Array =>
    extreme === undefined ? f32(length) : f32(length, Math.sqrt(extreme)).map(Math.round);
  const [q, k, v] = [factor(queries * count), factor(count), f32(count)];
  const mask = maskOf(shape);
  const sizes = {
    items: live("items", 1, items),
    heads,
    length,
    words: words ?? length,
    head_size: size,
    queries,
    scale: 1 / Math.sqrt(size),
    first_item: 3,
    site: 5,
    key: live("dropout_key", 1, 2 ** 32 - 1),
    threshold: Math.round(dropout * 2 ** 32),
    dropout_scale: 1 / (1 - dropout),
  };
  const scalars = { items, dropout_key: 0xfeedbeef };
  const marks = { dear, ...(extreme !== undefined && { extreme: true }) };
  const stats = zeros(items * heads * length * STATS);
  yield {
    kernel: attentionForward,
    shape: name,
    inputs: [q, k, v, mask, f32(count), stats],
    sizes,
    scalars,
    ...marks,
  };
  const context = zeros(count);
  const known = stats.slice();
  const given = { ...sizes, items, key: scalars.dropout_key };
  attentionForward.reference({ q, k, v, mask, context, stats: known }, given);
  const dcontext = f32(count);
  yield {
    kernel: attentionDelta,
    shape: name,
    inputs: [context, dcontext, known.slice()],
    sizes: { items: sizes.items, heads, length, head_size: size },
    scalars,
    dear,
  };
  attentionDelta.reference({ context, dcontext, stats: known }, { items, heads, length, head_size: size });
  yield {
    kernel: attentionBackward,
    shape: name,
    inputs: [q, k, v, known, dcontext, f32(queries * count), f32(count), f32(count)],
    sizes: {
      ...sizes,
      accumulate_q: items % 2,
      accumulate_k: live("accumulate", 1, 1),
      accumulate_v: 0,
    },
    scalars: { ...scalars, accumulate: (items + 1) % 2 },
    // Nearly all rows see one key, so that slopes are differences of equal numbers.
    ...marks,
    ...(extreme !== undefined && { tolerance: 2e-2 }),
  };
}

/** Heads narrow and wide, odd and even, masks full, empty, mixed and of several groups, entity-aware queries, dropout, scores of ±10⁴. */
export const attentionCases: readonly OpCase[] = SHAPES.flatMap((shape) => [...casesOf(shape)]);
