import assert from "node:assert/strict";
import { testRandom } from "../ops/testdata_generators.ts";
import { SharedHeap } from "./shared_heap.ts";

function bytes(heap: SharedHeap, begin: number, length: number): Uint8Array {
  return new Uint8Array(heap.memory.buffer, begin, length);
}

Deno.test("SharedHeap.allocate() gives aligned zeroed blocks, freed ones too", () => {
  const heap = new SharedHeap();
  for (const size of [1, 255, 256, 257, 70_000]) {
    const address = heap.allocate(size);
    assert.equal(address % 256, 0);
    assert.ok(bytes(heap, address, size).every((byte) => byte === 0));
    bytes(heap, address, size).fill(0xff);
    heap.free(address);
    const again = heap.allocate(size);
    assert.ok(bytes(heap, again, size).every((byte) => byte === 0));
    heap.free(again);
  }
});

Deno.test("SharedHeap.free() merges neighbours, so that a larger block fits in their place", () => {
  const heap = new SharedHeap();
  const blocks = [1000, 1000, 1000, 1000].map((size) => heap.allocate(size));
  const [first = 0, second = 0, third = 0] = blocks;
  for (const block of [first, third, second]) heap.free(block);
  assert.equal(heap.allocate(3000), first);
});

Deno.test("SharedHeap never gives memory out twice and returns to zero bytes in use", () => {
  const heap = new SharedHeap();
  const random = testRandom(3);
  const owned = new Map<number, { mark: number; size: number }>();
  const check = (): void => {
    for (const [address, { mark, size }] of owned) {
      assert.ok(
        bytes(heap, address, size).every((byte) => byte === mark),
        `block at ${address} was overwritten`,
      );
    }
  };
  for (let i = 0; i < 400; i++) {
    const [oldest] = owned.keys();
    if (oldest !== undefined && (random() > 0.1 || owned.size > 30)) {
      heap.free(oldest);
      owned.delete(oldest);
      continue;
    }
    const size = 1 + Math.floor((random() + 1) * 4000);
    const address = heap.allocate(size);
    assert.ok(bytes(heap, address, size).every((byte) => byte === 0));
    const mark = 1 + i % 255;
    bytes(heap, address, size).fill(mark);
    owned.set(address, { mark, size });
    if (i % 20 === 0) check();
  }
  check();
  for (const address of owned.keys()) heap.free(address);
  assert.equal(heap.allocatedBytes, 0);
});

Deno.test("SharedHeap.allocate() says how much is missing when 4 GiB are used up", () => {
  const heap = new SharedHeap();
  heap.allocate(1024);
  assert.throws(
    () => heap.allocate(2 ** 32),
    (error: Error) =>
      error instanceof RangeError &&
      /addresses 4 GiB; 1280 bytes are in use, 4294967552 more are needed/.test(error.message),
  );
  assert.equal(heap.allocate(1) % 256, 0, "it goes on after that");
});

Deno.test("SharedHeap.free() refuses what is not allocated", () => {
  const heap = new SharedHeap();
  const block = heap.allocate(10);
  heap.free(block);
  assert.throws(() => heap.free(block), /is not allocated/);
});
