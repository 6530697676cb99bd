import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SafetensorsError } from "./safetensors.ts";
import { readSafetensors, SafetensorsFile, writeSafetensors } from "./safetensors_file.ts";

const fixture = new URL("../../tests/fixtures/tiny_luke.safetensors", import.meta.url).pathname;

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "safetensors-"));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("writeSafetensors() leaves only the finished file; SafetensorsFile reads single tensors", () => {
  withDirectory((directory) => {
    const path = join(directory, "a.safetensors");
    writeSafetensors(
      path,
      new Map([
        ["w", { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
        ["i", { shape: [1], data: new Int32Array([-7]) }],
      ]),
    );
    assert.deepEqual(readdirSync(directory), ["a.safetensors"]);
    using file = SafetensorsFile.open(path);
    assert.deepEqual(file.metadata, { format: "pt" });
    assert.deepEqual(file.readFloat32("w"), new Float32Array([1, 2, 3, 4]));
    assert.throws(() => file.readFloat32("i"), /a\.safetensors: tensor i holds integers/);
    assert.throws(() => file.read("x"), /a\.safetensors: holds no tensor x/);
  });
});

Deno.test("SafetensorsFile.open() names the file when it is missing or cut", () => {
  withDirectory((directory) => {
    assert.throws(() => SafetensorsFile.open(join(directory, "none")), /none: cannot be opened \(ENOENT\)/);
    const path = join(directory, "cut");
    writeFileSync(path, new Uint8Array(5));
    assert.throws(
      () => SafetensorsFile.open(path),
      (error) => error instanceof SafetensorsError && /cut: truncated/.test(error.message),
    );
  });
});

Deno.test({
  name: "readSafetensors() reads what the safetensors library of Python wrote",
  ignore: !existsSync(fixture),
  fn: () => {
    const tensors = readSafetensors(fixture);
    const loss = tensors.get("loss");
    assert.ok(loss !== undefined && loss.data instanceof Float32Array);
    assert.ok(Math.abs((loss.data[0] ?? 0) - 8.183952193) < 1e-6);
    assert.deepEqual(tensors.get("word_ids")?.shape, [3, 9]);
  },
});
