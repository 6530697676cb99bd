import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKernels } from "./compile_kernels.ts";
import { kernelSources } from "./kernel_sources.ts";

/** Runs `test` with a cache directory of its own, which it gets. */
async function withCache(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "lukeforge-cache-"));
  const before = Deno.env.get("XDG_CACHE_HOME");
  Deno.env.set("XDG_CACHE_HOME", directory);
  try {
    await test(directory);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
    rmSync(directory, { recursive: true });
  }
}

Deno.test("loadKernels() compiles once, and again when the cached file is corrupt", () =>
  withCache(async (directory) => {
    const binary = await loadKernels();
    assert.ok(WebAssembly.validate(binary));
    const [name, ...others] = readdirSync(join(directory, "lukeforge"));
    assert.ok(name);
    assert.deepEqual(others, [], "nothing partial is left");
    const file = join(directory, "lukeforge", name);
    assert.deepEqual(new Uint8Array(readFileSync(file)), binary);

    const written = statSync(file).mtimeMs;
    assert.deepEqual(await loadKernels(), binary);
    assert.equal(statSync(file).mtimeMs, written, "a good file is left as it is");

    for (
      const damaged of [binary.subarray(0, binary.length >> 1), new Uint8Array(), new Uint8Array(100).fill(7)]
    ) {
      writeFileSync(file, damaged);
      assert.deepEqual(await loadKernels(), binary);
      assert.deepEqual(new Uint8Array(readFileSync(file)), binary, "the cache is repaired");
    }
  }));

Deno.test("loadKernels() works where the cache cannot be written", () =>
  withCache(async (directory) => {
    // A file in the directory's place, as permissions do not stop a superuser.
    writeFileSync(join(directory, "lukeforge"), "");
    assert.ok(WebAssembly.validate(await loadKernels()));
  }));

Deno.test("loadKernels() exports a function for every kernel name in the sources", () =>
  withCache(async () => {
    const exports = new Set(
      WebAssembly.Module.exports(new WebAssembly.Module(await loadKernels())).map((e) => e.name),
    );
    for (const [module, source] of Object.entries(kernelSources)) {
      if (module === "simd") continue;
      for (const [, name = ""] of source.matchAll(/^export function (\w+)\(block: usize, tile: i32\)/gm)) {
        assert.ok(exports.has(name), `${module}: ${name}`);
      }
    }
  }));
