import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import { ARCHIVE_COMPRESSIONS, writeModelArchive } from "./model_archive.ts";

async function inDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "archive-"));
  try {
    await check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Names and contents of a tar's members. */
function membersOf(tar: Uint8Array): [string, string][] {
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "");
  const members: [string, string][] = [];
  let at = 0;
  while (tar[at] !== 0) {
    const header = tar.slice(at, at + 512).fill(0x20, 148, 156);
    assert.equal(parseInt(text(at + 148, 8), 8), header.reduce((sum, byte) => sum + byte, 0));
    const size = parseInt(text(at + 124, 12), 8);
    members.push([text(at, 100), text(at + 512, size)]);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  assert.ok(tar.length >= at + 1024 && tar.subarray(at).every((byte) => byte === 0));
  return members;
}

Deno.test("writeModelArchive() packs weights, vocabulary and metadata without arguments", async () => {
  for (const compression of ARCHIVE_COMPRESSIONS) {
    await inDirectory(async (directory) => {
      const weights = join(directory, "model_epoch20.bin");
      const entityVocab = join(directory, "entity_vocab.tsv");
      const metadata = join(directory, "metadata.json");
      writeFileSync(weights, "w".repeat(1000));
      writeFileSync(entityVocab, "");
      writeFileSync(metadata, '{"model_config": {"hidden_size": 8}, "arguments": {"seed": 1}}');
      const path = join(directory, "model.tar");
      await writeModelArchive(path, { weights, entityVocab, metadata }, compression);
      const bytes = new Uint8Array(readFileSync(path));
      const [first, second, third] = membersOf(
        compression === "gz" ? new Uint8Array(gunzipSync(bytes)) : bytes,
      );
      assert.deepEqual(first, ["pytorch_model.bin", "w".repeat(1000)]);
      assert.deepEqual(second, ["entity_vocab.tsv", ""]);
      assert.deepEqual([third?.[0], JSON.parse(third?.[1] ?? "")], ["metadata.json", {
        model_config: { hidden_size: 8 },
      }]);
    });
  }
});

Deno.test("writeModelArchive() leaves nothing behind when a file is missing or damaged", async () => {
  await inDirectory(async (directory) => {
    const metadata = join(directory, "metadata.json");
    const model = { weights: join(directory, "none.bin"), entityVocab: metadata, metadata };
    writeFileSync(metadata, "{}");
    await assert.rejects(writeModelArchive(join(directory, "a.tar"), model, ""));
    writeFileSync(metadata, "[]");
    await assert.rejects(
      writeModelArchive(join(directory, "a.tar"), model, ""),
      (error) => error instanceof UserError && /not a JSON object/.test(error.message),
    );
    assert.deepEqual(readdirSync(directory), ["metadata.json"]);
  });
});
