import assert from "node:assert/strict";
import { fillZeroKernel } from "./ops/accumulate/accumulate.ts";
import { geluForward } from "./ops/gelu/gelu.ts";
import { addKernel } from "./ops/testdata_add.ts";
import { testRandom } from "./ops/testdata_generators.ts";
import { layOut, lifetimes } from "./plan_layout.ts";
import type { RecordedDispatch, Tensor } from "./tensor.ts";
import { bindingConflict } from "./webgpu/binding_conflict.ts";

function activation(name: string, columns: number, dtype: Tensor["dtype"] = "f32"): Tensor {
  return { name, dtype, rows: 1, columns, role: "activation" };
}

/** A network-like list: sums of earlier tensors, young ones mostly, of sizes that differ. */
function randomList(seed: number): RecordedDispatch[] {
  const random = testRandom(seed);
  const below = (end: number): number => Math.floor((random() + 1) / 2 * end * 0.9999);
  const made = [activation("start", 512)];
  return Array.from({ length: 60 }, (_, i) => {
    const pick = (): Tensor =>
      made.at(-1 - Math.floor(made.length * (below(1000) / 1000) ** 3)) ?? made[0] as Tensor;
    const y = activation(`y${i}`, 1 + below(2000));
    const tensors = [pick(), pick(), y];
    made.push(y);
    return { kernel: addKernel, tensors, sizes: { count: 1 } };
  });
}

Deno.test("layOut() overlaps no tensors that are in use at once and opposes no accesses of a dispatch", () => {
  for (let seed = 0; seed < 40; seed++) {
    const list = randomList(seed);
    const { places, buffers } = layOut(list, new Set(), true);
    const all = [...places.values()];
    for (const [i, a] of all.entries()) {
      assert.equal(a.offset % 64, 0);
      assert.ok(a.offset + a.length <= a.buffer.length);
      for (const b of all.slice(i + 1)) {
        if (a.buffer !== b.buffer || a.last < b.first || b.last < a.first) continue;
        const disjoint = a.offset + a.length <= b.offset || b.offset + b.length <= a.offset;
        assert.ok(disjoint, `seed ${seed}: ${a.tensor.name} and ${b.tensor.name}`);
      }
    }
    const allocations = new Map(
      buffers.map((buffer, i) => [buffer, { label: `${i}`, dtype: "f32" as const, length: buffer.length }]),
    );
    for (const { kernel, tensors, sizes } of list) {
      const views = tensors.map((tensor) => {
        const place = places.get(tensor);
        const allocation = place && allocations.get(place.buffer);
        assert.ok(place && allocation);
        return { allocation, offset: place.offset, length: place.length };
      });
      assert.equal(bindingConflict({ kernel, views, sizes }), undefined);
    }
  }
});

Deno.test("layOut() lays small tensors side by side in what a large one has left", () => {
  const [large, a, b, c, d] = [
    activation("large", 256),
    activation("a", 64),
    activation("b", 64),
    activation("c", 64),
    activation("d", 64),
  ] as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const zero = (tensor: Tensor): RecordedDispatch => ({
    kernel: fillZeroKernel,
    tensors: [tensor],
    sizes: { count: tensor.columns, keep: 0 },
  });
  const { buffers } = layOut([...[large, a, b, c, d].map(zero), ...[a, b, c, d].map(zero)], new Set(), true);
  assert.deepEqual(buffers.map(({ length }) => length), [256]);
});

Deno.test("layOut() keeps apart what the host reads or writes, and other dtypes", () => {
  const input: Tensor = { ...activation("input", 64), role: "input" };
  const [x, y, index] = [activation("x", 64), activation("y", 64), activation("index", 64, "i32")] as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const kept = activation("kept", 64);
  const gelu = (from: Tensor, to: Tensor): RecordedDispatch => ({
    kernel: geluForward,
    tensors: [from, to],
    sizes: { count: 64 },
  });
  const list = [gelu(input, kept), gelu(kept, x), gelu(x, index), gelu(index, y)];
  const { places } = layOut(list, new Set([kept]), true);
  const buffers = [input, kept, x, index].map((tensor) => places.get(tensor)?.buffer);
  assert.equal(new Set(buffers).size, 4);
  assert.equal(places.get(y)?.buffer, places.get(x)?.buffer);
  const untyped = layOut([...list, gelu(y, activation("z", 64))], new Set([kept]), false);
  assert.equal(untyped.buffers.length, 4, "the index shares memory when types do not matter");
  assert.deepEqual(lifetimes(list, new Set([kept])).get(kept), { first: 0, last: Infinity });
});
