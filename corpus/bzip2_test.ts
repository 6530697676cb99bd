import assert from "node:assert/strict";
import { createReadStream, existsSync } from "node:fs";
import { createHash } from "node:crypto";
import { decompressBzip2 } from "./bzip2.ts";
import { TruncatedInputError } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

const bytes = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** "A line of text.\n" 20,000 times in blocks of 100,000 bytes (bzip2 -1): four blocks, at odd bits. */
const fourBlocks = bytes(
  "QlpoMTFBWSZTWbLC+fUASTnVgAAQQAEgAAMlhEAwALgIGgaBA0DQClUaaDJyJQWIlBdRKCzEoLQlBZEoLeolBYiUFuJQW4lBaiUFuJQXESgu" +
    "xKC4iUF9EoL8xQVkmU1nS5yjvAKreVYAAEEABIAADJYRAMAC4CBoGgQNA0ApVNGhkYiUFzEoLqJQWYlBbiUFmJQWolBYEoLcSgtxKC1EoLcS" +
    "guIlBfCUFxEoLQlBfmKCskyms5IFPm4BVburAAAggAJAAAZLCIBgAXAQNA0CBoGgFKpo0MjESguYlBdRKCyJQW4lBZiUFqJQWIlBbEoLcSgt" +
    "RKC3EoLgSgvolBcRKC1EoL8xQVkmU1mGgCc5AB1g1YAAEEABIAADJYRAIACQIGgaAUqmjQyMKKjmRUdSKjKio2oqMyKjUiowoqNqKjcio1Iq" +
    "NyKjvEio+UVHCio0oqPxdyRThQkMkOdUQA==",
);
const hello = bytes("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi");
/** 5,000,000 zero bytes: one block that expands far beyond its 900,000. */
const zeros = bytes("QlpoOTFBWSZTWabi8/QAJkvAAsAACAAACCAAMMwFKaapEUbAoijxdyRThQkKbi8/QA==");
const text = "A line of text.\n".repeat(20_000);

async function* inChunks(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.slice(at, at + size);
}

async function decode(source: AsyncIterable<Uint8Array>, workers = 2): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of decompressBzip2(source, { name: "dump.bz2", workers })) parts.push(part);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

for (const workers of [1, 2]) {
  for (const size of [1, 7, 64, 1 << 20]) {
    Deno.test(`decompressBzip2() with ${workers} reads many blocks and streams in chunks of ${size}`, async () => {
      const output = await decode(inChunks(join(fourBlocks, hello, fourBlocks), size), workers);
      assert.equal(new TextDecoder().decode(output), text + "hello\n" + text);
    });
  }

  Deno.test(`decompressBzip2() with ${workers} names the byte of damage`, async () => {
    const damaged = fourBlocks.slice();
    damaged[150] = (damaged[150] ?? 0) ^ 0x10;
    await assert.rejects(
      decode(inChunks(damaged, 64), workers),
      (error) => error instanceof UserError && /^dump\.bz2: damaged near byte \d+ /.test(error.message),
    );
    await assert.rejects(
      decode(inChunks(join(hello, bytes("AAAAAAAA")), 64), workers),
      /damaged near byte 4\d/,
    );
  });

  Deno.test(`decompressBzip2() with ${workers} can be left before the end`, async () => {
    for await (const part of decompressBzip2(inChunks(join(fourBlocks, fourBlocks), 64), { workers })) {
      assert.ok(part.length > 0);
      break;
    }
  });
}

Deno.test("decompressBzip2() expands a block of one repeated byte", async () => {
  const output = await decode(inChunks(zeros, 10));
  assert.equal(output.length, 5_000_000);
  assert.ok(output.every((byte) => byte === 0));
});

Deno.test("decompressBzip2() gives out a long block in pieces, and finds damage in it", async () => {
  const lengths: number[] = [];
  for await (const part of decompressBzip2(inChunks(zeros, 10))) lengths.push(part.length);
  assert.deepEqual(lengths, [...new Array(4).fill(1 << 20), 5_000_000 - (1 << 22)]);
  const damaged = zeros.slice();
  damaged[10] = (damaged[10] ?? 0) ^ 1; // the checksum
  for (const workers of [1, 2]) {
    await assert.rejects(decode(inChunks(damaged, 10), workers), /damaged near byte 4 \(undecodable block\)/);
  }
});

Deno.test("decompressBzip2() reports data cut off at any byte", async () => {
  for (let length = 0; length < hello.length; length++) {
    await assert.rejects(
      decode(inChunks(hello.subarray(0, length), 16), 1),
      (error) =>
        error instanceof TruncatedInputError &&
        error.message.includes(`dump.bz2: cut off at byte ${length}:`),
    );
  }
});

const dump = new URL("../../shared/data/wikidumps/smallwiki-latest-pages-articles.xml.bz2", import.meta.url);
Deno.test({
  name: "decompressBzip2() reads a whole Wikipedia",
  ignore: !existsSync(dump),
  fn: async () => {
    const hash = createHash("md5");
    for await (const part of decompressBzip2(createReadStream(dump, { highWaterMark: 50_000 }))) {
      hash.update(part);
    }
    assert.equal(hash.digest("hex"), "ad2ad6c92536a44ebad5671c06b9e71e");
  },
});
