import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Bzip2Block, decodeBzip2Block } from "./bzip2_block.ts";
import { compileBlockDecoder } from "./bzip2_block/compile.ts";

/** A block and what libbz2 makes of it (`tests/peers/bzip2_fixtures.ts`). */
interface Fixture {
  readonly name: string;
  readonly block: string;
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly sha256: string;
  /** The bits that can be flipped without harm; absent where they were not tried. */
  readonly harmless_flips?: readonly number[];
}

const fixtures = JSON.parse(
  readFileSync(new URL("../tests/fixtures/bzip2_blocks.json", import.meta.url), "utf8"),
) as readonly Fixture[];

const blockOf = ({ block, from, to }: Fixture): Bzip2Block => ({
  bytes: Uint8Array.fromBase64(block),
  from,
  to,
});
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7));
}

Deno.test("block.wasm is what the sources beside it compile to", async () => {
  const written = readFileSync(new URL("bzip2_block/block.wasm", import.meta.url));
  const compiled = Buffer.from(await compileBlockDecoder());
  assert.ok(compiled.equals(written), "run `deno run -A corpus/bzip2_block/compile.ts`");
});

for (const fixture of fixtures) {
  Deno.test(`decodeBzip2Block() does as libbz2: ${fixture.name}`, () => {
    const output = decodeBzip2Block(blockOf(fixture));
    assert.ok(output);
    assert.equal(output.length, fixture.length);
    assert.equal(sha256(output), fixture.sha256);
  });
}

Deno.test("decodeBzip2Block() finds the flipped bits that libbz2 finds", () => {
  for (const fixture of fixtures) {
    if (fixture.harmless_flips === undefined) continue;
    const block = blockOf(fixture);
    const harmless: number[] = [];
    for (let bit = block.from; bit < block.to; bit++) {
      flip(block.bytes, bit);
      const output = decodeBzip2Block(block);
      flip(block.bytes, bit);
      if (output === undefined) continue;
      harmless.push(bit);
      assert.equal(sha256(output), fixture.sha256, `${fixture.name}: bit ${bit}`);
    }
    assert.deepEqual(harmless, fixture.harmless_flips, fixture.name);
  }
});

Deno.test("decodeBzip2Block() takes a block at any bit, that ends where it is said to", () => {
  for (const fixture of fixtures.filter(({ block }) => block.length < 700)) {
    const { bytes, to } = blockOf(fixture);
    for (let shift = 1; shift < 8; shift++) {
      const shifted = new Uint8Array(bytes.length + 2).fill(0xff); // neighbours
      for (let bit = 0; bit < to; bit++) {
        if ((((bytes[bit >>> 3] ?? 0) << (bit & 7)) & 0x80) === 0) flip(shifted, bit + shift);
      }
      const output = decodeBzip2Block({ bytes: shifted, from: shift, to: to + shift });
      assert.equal(output && sha256(output), fixture.sha256, fixture.name);
      for (const off of [-1, 1]) {
        assert.equal(decodeBzip2Block({ bytes: shifted, from: shift, to: to + shift + off }), undefined);
      }
      assert.equal(decodeBzip2Block({ bytes: shifted, from: shift - 1, to: to + shift }), undefined);
    }
    for (let end = 0; end < to; end += 7) {
      assert.equal(
        decodeBzip2Block({ bytes: bytes.slice(0, Math.ceil(end / 8)), from: 0, to: end }),
        undefined,
      );
    }
  }
});

Deno.test("decodeBzip2Block() refuses what is no block", () => {
  const none = (bytes: Uint8Array<ArrayBuffer>, to = bytes.length * 8): void =>
    assert.equal(decodeBzip2Block({ bytes, from: 0, to }), undefined);
  none(new Uint8Array());
  none(new Uint8Array(1), 9);
  for (const length of [6, 10, 100, 100_000, 1_400_000, 1_500_000]) {
    for (const byte of [0x00, 0x55, 0xff]) {
      const bytes = new Uint8Array(length).fill(byte);
      none(bytes);
      bytes.set([0x31, 0x41, 0x59, 0x26, 0x53, 0x59]);
      none(bytes);
    }
  }
});
