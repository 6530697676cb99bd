import assert from "node:assert/strict";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { FileBlob } from "./file_blob.ts";

Deno.test("FileBlob reads a file and its slices in pieces, and counts", async () => {
  const path = Deno.makeTempFileSync();
  try {
    const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);
    writeFileSync(path, bytes);
    const blob = FileBlob.open(path);
    assert.equal(blob.size, bytes.length);
    assert.deepEqual(await blob.bytes(), bytes);
    const same = new Blob([bytes]);
    for (const [begin, end] of [[0, 10], [5, 5], [599_990, 700_000], [300_000, 599_999], [9, 3]] as const) {
      const slice = blob.slice(begin, end);
      assert.equal(slice.size, same.slice(begin, end).size);
      assert.deepEqual(await slice.bytes(), await same.slice(begin, end).bytes());
      assert.deepEqual(await slice.slice(1, 4).bytes(), await same.slice(begin, end).slice(1, 4).bytes());
    }
    assert.equal(await FileBlob.open(path).slice(65, 68).text(), "ABC");
    const inner: number[] = [], outer: number[] = [];
    const counted = blob.counted((done) => inner.push(done)).counted((done) => outer.push(done));
    await counted.arrayBuffer();
    assert.deepEqual(inner, [262_144, 524_288, 600_000]);
    assert.deepEqual(outer, inner);
    await blob.stream().cancel();

    truncateSync(path, 300_000);
    await assert.rejects(blob.arrayBuffer(), /became shorter while it was read/);
  } finally {
    rmSync(path);
  }
});
