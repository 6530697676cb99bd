import drawWgsl from "../dropout/draw.wgsl" with { type: "text" };

/** Fewest threads of a workgroup. */
const LEAST_THREADS = 64;

/** Most threads that work on one row. */
const MOST_THREADS = 256;

/** How the rows of a matrix are dealt out to workgroups. */
export interface RowGroups {
  /** Threads that share a row: a power of two, each with at least four columns where there are as many. */
  readonly threads: number;
  /** Rows that a workgroup does: as many as fill it, for narrow matrices. */
  readonly rows: number;
  /** Columns of one thread: every `threads`-th. */
  readonly columns: number;
}

/** Divides rows of `columns` elements: none of a workgroup's threads is idle, however narrow a row is. */
export function rowGroups(columns: number): RowGroups {
  let threads = 1;
  while (threads < MOST_THREADS && threads * 8 <= columns) threads *= 2;
  return {
    threads,
    rows: Math.max(1, LEAST_THREADS / threads),
    columns: Math.ceil(columns / threads),
  };
}

/** The beginning of every row kernel: this thread's columns are `c0`, `c1`, …, and `inside` says that its row exists. */
function prologue({ threads, rows, columns: count }: RowGroups, columns: number): string {
  const size = threads * rows;
  const steps: string[] = [];
  for (let width = threads / 2; width >= 1; width /= 2) {
    steps.push(
      `  if (part < ${width}u) { reduced[lane] = reduced[lane] + reduced[lane + ${width}u]; }\n  workgroupBarrier();\n`,
    );
  }
  const places = Array.from({ length: count }, (_, k) => `  let c${k} = part + ${k * threads}u;\n`).join("");
  const total = threads === 1
    ? "fn row_total(value: vec2<f32>, lane: u32) -> vec2<f32> { return value; }\n"
    : `var<workgroup> reduced: array<vec2<f32>, ${size}>;

// The sums of \`value\` over the threads of a row, for all of them. Uniform control flow only.
fn row_total(value: vec2<f32>, lane: u32) -> vec2<f32> {
  let part = lane % ${threads}u;
  reduced[lane] = value;
  workgroupBarrier();
${steps.join("")}  let total = reduced[lane - part];
  workgroupBarrier();
  return total;
}
`;
  return `${total}
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let part = lane % ${threads}u;
  let place = flat_group(group, groups) * ${rows}u + lane / ${threads}u;
  let inside = place < rows();
  let row = select(0u, place, inside);
  let base = row * ${columns}u;
${places}`;
}

/** Repeats a line for each column of a thread; `$` is the column's number. */
function each(groups: RowGroups, line: string): string {
  return Array.from({ length: groups.columns }, (_, k) => `  ${line.replaceAll("$", `${k}`)}\n`).join("");
}

/** The sum of an expression over a thread's columns. */
function total(groups: RowGroups, term: string): string {
  return Array.from({ length: groups.columns }, (_, k) => term.replaceAll("$", `${k}`)).join(" + ");
}

/** As {@linkcode each}, for stores: a thread's last column may lie beyond the row. */
function eachInRow(groups: RowGroups, columns: number, line: string): string {
  return Array.from({ length: groups.columns }, (_, k) => {
    const text = line.replaceAll("$", `${k}`);
    return (k + 1) * groups.threads > columns ? `    if (c${k} < columns) { ${text} }\n` : `    ${text}\n`;
  }).join("");
}

/** `expression` for a thread's column `$`, 0 where it lies beyond the row. */
function inRow(groups: RowGroups, columns: number, name: string, expression: string): string {
  return Array.from({ length: groups.columns }, (_, k) => {
    const text = expression.replaceAll("$", `${k}`);
    const guarded = (k + 1) * groups.threads > columns ? `select(0.0, ${text}, c${k} < columns)` : text;
    return `  let ${name}${k} = ${guarded};\n`;
  }).join("");
}

/** What a layer norm does to `x` before it. */
export type Fused = "none" | "residual" | "dropout and residual";

/** The forward shader: of `x`, or of `sum`, which is the dropped out `x` plus `residual`. */
export function layerNormForwardWgsl(columns: number, fused: Fused = "none"): string {
  const groups = rowGroups(columns);
  const residual = fused !== "none";
  const drops = fused === "dropout and residual";
  const x = drops
    ? "select(0.0, x[base + c$] * scale, dropout_keeps(first() + base + c$, bits))"
    : "x[base + c$]";
  return `${drops ? drawWgsl : ""}${prologue(groups, columns)}${
    drops ? "  let bits = dropout_place();\n" : ""
  }${
    inRow(groups, columns, "v", residual ? `${x} + residual[base + c$]` : x)
  }  let rounded = row_total(vec2<f32>(${total(groups, "v$")}, 0.0), lane).x / f32(columns);
  // The deviations from the rounded mean tell what it lacks: without them a constant row far from 0 would get a variance.
${inRow(groups, columns, "d", "v$ - rounded")}  let moments = row_total(vec2<f32>(${total(groups, "d$")}, ${
    total(groups, "d$ * d$")
  }), lane) / f32(columns);
  let mean = rounded + moments.x;
  let inverse = 1.0 / sqrt(max(moments.y - moments.x * moments.x, 0.0) + eps);
  if (inside) {
    if (part == 0u) {
      stats[row * 2u] = mean;
      stats[row * 2u + 1u] = inverse;
    }
${residual ? eachInRow(groups, columns, "sum[base + c$] = v$;") : ""}${
    eachInRow(groups, columns, "y[base + c$] = (v$ - mean) * inverse * gain[c$] + bias[c$];")
  }  }
}
`;
}

/** The backward shader: `dx`, and with a residual `dresidual` too, where `sum` is in x's place. */
export function layerNormBackwardWgsl(columns: number, fused: Fused = "none"): string {
  const groups = rowGroups(columns);
  const residual = fused !== "none";
  const drops = fused === "dropout and residual";
  const dx = drops ? "select(0.0, d$ * scale, dropout_keeps(first() + base + c$, bits))" : "d$";
  const store = (target: string, value: string, accumulate: string): string =>
    `    if (${accumulate}() != 0u) {
${eachInRow(groups, columns, `${target}[base + c$] = ${target}[base + c$] + ${value};`)}    } else {
${eachInRow(groups, columns, `${target}[base + c$] = ${value};`)}    }
`;
  return `${drops ? drawWgsl : ""}${prologue(groups, columns)}${
    drops ? "  let bits = dropout_place();\n" : ""
  }  let mean = stats[row * 2u];
  let inverse = stats[row * 2u + 1u];
${inRow(groups, columns, "n", `(${residual ? "sum" : "x"}[base + c$] - mean) * inverse`)}${
    inRow(groups, columns, "g", "dy[base + c$] * gain[c$]")
  }  let means = row_total(vec2<f32>(${total(groups, "g$")}, ${
    total(groups, "g$ * n$")
  }), lane) / f32(columns);
${each(groups, "let d$ = (g$ - means.x - n$ * means.y) * inverse;")}  if (inside) {
${residual ? store("dresidual", "d$", "accumulate_residual") : ""}${store("dx", dx, "accumulate")}  }
}
`;
}
