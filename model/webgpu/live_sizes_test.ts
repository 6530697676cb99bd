import assert from "node:assert/strict";
import { defineKernel } from "../kernel.ts";
import { liveBytes, LiveSizes } from "./live_sizes.ts";

const kernel = defineKernel({
  name: "k",
  bindings: [],
  sizes: ["a", "b", "c", "d", "e", "f"],
  live: ["f", "a", "b", "c", "d"],
  wgsl: "",
  workgroups: () => 1,
  tiles: () => 1,
  reference() {},
});

Deno.test("LiveSizes gives each different set a place of its own and resolves it in the kernel's order", () => {
  assert.equal(liveBytes(kernel), 32);
  const sizes = { a: 1, b: 2, c: 3, d: 4, e: 5, f: { scalar: "rows", times: 2, capacity: 8 } };
  const live = new LiveSizes(256);
  const first = live.place({ kernel, views: [], sizes });
  const second = live.place({ kernel, views: [], sizes: { ...sizes, a: 9 } });
  assert.equal(live.place({ kernel, views: [], sizes: { ...sizes, e: 6 } }), first, "e is no live size");
  assert.deepEqual([first, second, live.words.byteLength], [0, 256, 512]);
  live.resolve(first, kernel, { ...sizes, f: 6 });
  live.resolve(second, kernel, { ...sizes, a: 9, f: 7 });
  assert.deepEqual([...live.words.subarray(0, 5)], [6, 1, 2, 3, 4]);
  assert.deepEqual([...live.words.subarray(64, 69)], [7, 9, 2, 3, 4]);
  assert.throws(() => live.resolve(first, kernel, { ...sizes, f: 2 ** 32 }), {
    name: "RangeError",
    message: "k: f is 4294967296, which is no unsigned 32-bit integer",
  });
});
