import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeFloats, elementCount, encodeFloats } from "./element_types.ts";
import { openWeights } from "./open_weights.ts";

const fixtures = new URL("../../tests/fixtures/weights/", import.meta.url).pathname;
const bitsOf = (floats: Float32Array): Uint32Array =>
  new Uint32Array(floats.buffer, floats.byteOffset, floats.length);

Deno.test("decodeFloats() gives every f16 and bf16 exactly, encodeFloats() gives them back", () => {
  const halves = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
  const bytes = new Uint8Array(halves.buffer);
  const f16 = decodeFloats("F16", bytes);
  const bf16 = decodeFloats("BF16", bytes);
  const expected = new Float16Array(halves.buffer);
  for (let i = 0; i < halves.length; i++) {
    assert.ok(Object.is(f16[i], expected[i]), `f16 ${i.toString(16)}`);
    assert.equal(bitsOf(bf16)[i], i << 16 >>> 0);
  }
  for (const [dtype, floats] of [["F16", f16], ["BF16", bf16]] as const) {
    const again = new Uint16Array(encodeFloats(dtype, floats).buffer);
    for (let i = 0; i < halves.length; i++) {
      if (Number.isNaN(floats[i])) {
        assert.ok(Number.isNaN(decodeFloats(dtype, new Uint8Array(again.slice(i, i + 1).buffer))[0]));
      } else assert.equal(again[i], i);
    }
  }
});

Deno.test("encodeFloats() rounds to the nearest bf16, ties to even", () => {
  fc.assert(fc.property(fc.float({ noNaN: true }), (value) => {
    const [rounded = NaN] = decodeFloats("BF16", encodeFloats("BF16", Float32Array.of(value)));
    const [bits = 0] = bitsOf(Float32Array.of(value));
    const down = new Float32Array(Uint32Array.of(bits & 0xffff0000).buffer)[0] ?? 0;
    const up = new Float32Array(Uint32Array.of((bits & 0xffff0000) + 0x10000).buffer)[0] ?? 0;
    const half = bits & 0xffff;
    const isUp = half > 0x8000 || (half === 0x8000 && (bits & 0x10000) !== 0);
    assert.ok(Object.is(rounded, isUp ? up : down), `${value}`);
  }));
});

Deno.test("encodeFloats() rounds to f16 and bf16 as PyTorch does", () => {
  using whole = openWeights(`${fixtures}model.safetensors`);
  for (const [name, dtype] of [["f16", "F16"], ["bf16", "BF16"]] as const) {
    using half = openWeights(`${fixtures}${name}.safetensors`);
    for (const [tensor, { shape }] of half.tensors) {
      const count = elementCount(shape);
      const floats = whole.tensors.get(tensor)?.readFloats(0, count) ?? new Float32Array(0);
      assert.deepEqual(
        decodeFloats(dtype, encodeFloats(dtype, floats)),
        half.tensors.get(tensor)?.readFloats(0, count),
      );
    }
  }
});
