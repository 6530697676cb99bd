import assert from "node:assert/strict";
import { defineKernel } from "../kernel.ts";
import { buildShader, numberLines } from "./shader.ts";
import { foldWorkgroups } from "./workgroups.ts";

const kernel = defineKernel({
  name: "scale_rows",
  bindings: [{ name: "x", dtype: "f32", access: "read" }, { name: "y", dtype: "i32", access: "read_write" }],
  sizes: ["rows", "columns", "factor"],
  floats: ["factor"],
  live: ["rows"],
  wgsl: (size) => `// ${size("columns")}`,
  workgroups: () => 1,
  tiles: () => 1,
  reference() {},
});

Deno.test("buildShader() declares bindings, constants and live sizes", () => {
  const rows = { scalar: "rows", times: 768, capacity: 7680 };
  const { code, readsScalars } = buildShader(kernel, { rows, columns: 12, factor: 0.1 }, () => 6);
  assert.ok(readsScalars);
  for (
    const line of [
      "@group(0) @binding(0) var<storage, read> x: array<f32>;",
      "@group(0) @binding(1) var<storage, read_write> y: array<i32>;",
      "@group(0) @binding(2) var<uniform> scalars: array<vec4<u32>, 4>;",
      "fn rows() -> u32 { return scalars[1][2] * 768u; }",
      "const columns: u32 = 12u;",
      "const factor: f32 = 0.10000000149011612f;",
      "// 12",
    ]
  ) assert.ok(code.split("\n").includes(line), `${line} is missing in\n${code}`);
});

Deno.test("buildShader() gives a piece what of a live size falls into it", () => {
  const rows = { scalar: "rows", times: 3, capacity: 64, piece: { first: 128, whole: 300 } };
  const { code } = buildShader(kernel, { rows, columns: 12, factor: 1 }, () => 2);
  assert.ok(
    code.includes("fn rows() -> u32 { return min(max(scalars[0][2] * 3u, 128u) - 128u, 64u); }"),
    code,
  );
});

Deno.test("buildShader() writes fixed live sizes as literals and leaves the scalars out", () => {
  const { code, readsScalars } = buildShader(kernel, { rows: 3, columns: 1, factor: 1 }, () => 0);
  assert.ok(!readsScalars && !code.includes("scalars"));
  assert.match(code, /fn rows\(\) -> u32 \{ return 3u; \}/);
});

Deno.test("buildShader() refuses sizes without an exact literal", () => {
  const index = (): number => 0;
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1.5, factor: 1 }, index), /columns is 1.5/);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 2 ** 32, factor: 1 }, index), RangeError);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1, factor: 1e39 }, index), /no finite f32/);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1 }, index), /factor is not given/);
  const live = { scalar: "rows", times: 1, capacity: 1 };
  assert.throws(() => buildShader(kernel, { rows: 1, columns: live, factor: 1 }, index), /cannot be live/);
});

Deno.test("numberLines() aligns line numbers", () => {
  assert.equal(numberLines("a\n".repeat(10)).split("\n")[8], " 9 | a");
});

Deno.test("foldWorkgroups() keeps each dimension under the limit and covers the count", () => {
  assert.equal(foldWorkgroups("k", 0), undefined);
  assert.equal(foldWorkgroups("k", [3, 0, 1]), undefined);
  assert.deepEqual(foldWorkgroups("k", 65535), [65535, 1, 1]);
  for (const count of [65536, 131071, 10_000_019]) {
    const [x, y, z] = foldWorkgroups("k", count) ?? [0, 0, 0];
    assert.ok(
      x <= 65535 && y <= 65535 && z === 1 && x * y >= count && x * y < count + y,
      `${count}: ${x} × ${y}`,
    );
  }
  assert.throws(() => foldWorkgroups("attention", [1, 1, 65536]), /attention: a grid of 1 × 1 × 65536/);
});
