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

Deno.test("buildShader() declares bindings, constants and what may be live", () => {
  const rows = { scalar: "rows", times: 768, capacity: 7680 };
  const code = buildShader(kernel, { rows, columns: 12, factor: 0.1 });
  for (
    const line of [
      "@group(0) @binding(0) var<storage, read> x: array<f32>;",
      "@group(0) @binding(1) var<storage, read_write> y: array<i32>;",
      "@group(0) @binding(2) var<uniform> live_sizes: array<vec4<u32>, 1>;",
      "fn rows() -> u32 { return live_sizes[0][0]; }",
      "const columns: u32 = 12u;",
      "const factor: f32 = 0.10000000149011612f;",
      "// 12",
    ]
  ) assert.ok(code.split("\n").includes(line), `${line} is missing in\n${code}`);
});

Deno.test("buildShader() makes one shader for fixed, live and cut sizes", () => {
  const live = { scalar: "rows", times: 1, capacity: 9 };
  const piece = { ...live, capacity: 4, piece: { first: 5, whole: 9 } };
  const texts = [3, live, piece].map((rows) => buildShader(kernel, { rows, columns: 1, factor: 1 }));
  assert.equal(new Set(texts).size, 1);
});

Deno.test("buildShader() refuses sizes without an exact literal", () => {
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1.5, factor: 1 }), /columns is 1.5/);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 2 ** 32, factor: 1 }), RangeError);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1, factor: 1e39 }), /no finite f32/);
  assert.throws(() => buildShader(kernel, { rows: 1, columns: 1 }), /factor is not given/);
  const live = { scalar: "rows", times: 1, capacity: 1 };
  assert.throws(() => buildShader(kernel, { rows: 1, columns: live, factor: 1 }), /cannot be live/);
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
