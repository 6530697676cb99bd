import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Storage, TensorView } from "./tensor_view.ts";
import { WeightsFile } from "./weights_file.ts";

/** A storage of `length` f32 that hold their own indices, behind a few other bytes. */
function withStorage(length: number, work: (storage: Storage) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "view-"));
  try {
    const path = join(directory, "storage");
    const floats = Float32Array.from({ length: length + 1 }, (_, i) => i - 1);
    writeFileSync(path, new Uint8Array(floats.buffer));
    using file = new WeightsFile(path);
    work({ source: file, position: 4, dtype: "F32", length });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("TensorView.readFloats() gives any piece of any strides in row-major order", () => {
  withStorage(6000, (storage) => {
    const axes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 7 }), stride: fc.nat(60) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(axes, fc.nat(500), fc.nat(), fc.nat(), (axes, offset, a, b) => {
        const shape = axes.map(({ size }) => size);
        const strides = axes.map(({ stride }) => stride);
        let expected = [offset];
        for (const { size, stride } of axes) {
          expected = expected.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride));
        }
        const [begin = 0, end = 0] = [a % (expected.length + 1), b % (expected.length + 1)].sort((x, y) =>
          x - y
        );
        const tensor = new TensorView(storage, shape, offset, strides);
        assert.deepEqual([...tensor.readFloats(begin, end)], expected.slice(begin, end));
      }),
      { numRuns: 500 },
    );
  });
});

Deno.test("TensorView.readFloats() reads wide transposed tensors in pieces", () => {
  const [rows, columns] = [3000, 40];
  withStorage(rows * columns, (storage) => {
    const tensor = new TensorView(storage, [rows, columns], 0, [1, rows]);
    const floats = tensor.readFloats(55, 100_000);
    for (let i = 55; i < 100_000; i++) {
      if (floats[i - 55] !== Math.floor(i / columns) + (i % columns) * rows) assert.fail(`element ${i}`);
    }
  });
});

Deno.test("TensorView() refuses what reaches beyond its storage", () => {
  withStorage(12, (storage) => {
    const refused: [number[], number, number[]][] = [
      [[13], 0, [1]],
      [[12], 1, [1]],
      [[2, 2], 0, [12, 1]],
      [[2], 0, [-1]],
      [[-1], 0, [1]],
      [[2], -1, [1]],
      [[0], 13, [1]],
      [[2], 0, []],
      [[2 ** 40, 2 ** 40], 0, [0, 0]],
      [[2], 0, [2 ** 60]],
      [[2], 0, [0.5]],
      [[NaN], 0, [1]],
    ];
    for (const [shape, offset, strides] of refused) {
      assert.throws(
        () => new TensorView(storage, shape, offset, strides),
        RangeError,
        `${shape} ${offset} ${strides}`,
      );
    }
    assert.deepEqual([...new TensorView(storage, [], 3, []).readFloats(0, 1)], [3]);
    assert.deepEqual([...new TensorView(storage, [0, 5], 12, [5, 1]).readFloats(0, 0)], []);
  });
});
