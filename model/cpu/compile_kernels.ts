import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DeviceError } from "../device_error.ts";
import { kernelSources } from "./kernel_sources.ts";

/** What the compiler is told; part of the cache key. Memory is imported, shared by all workers. */
const FLAGS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--enable",
  "simd,relaxed-simd,threads",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
] as const;

function cacheFile(): string {
  const key = createHash("sha256").update(JSON.stringify([FLAGS, kernelSources])).digest("hex").slice(0, 16);
  const root = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(root, "lukeforge", `kernels-${key}.wasm`);
}

/** Compiles the AssemblyScript of the cpu kernels to a WebAssembly binary. Throws a DeviceError with the compiler's messages. */
async function compileKernels(): Promise<Uint8Array<ArrayBuffer>> {
  const { default: asc } = await import("assemblyscript/asc");
  const entry = Object.keys(kernelSources).filter((name) => name !== "simd")
    .map((name) => `export * from "./${name}";`).join("\n");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["kernels.ts", "--outFile", "kernels.wasm", ...FLAGS], {
    readFile: (name: string) =>
      name === "kernels.ts" ? entry : kernelSources[name.replace(/^\.\//, "").replace(/\.ts$/, "")] ?? null,
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) {
    throw new DeviceError(`the cpu kernels do not compile: ${error?.message}\n${stderr.toString()}`);
  }
  return new Uint8Array(binary);
}

/**
 * The cpu kernels as a WebAssembly binary: from the user's cache directory, else compiled (about a second) and put there. A
 * cache that cannot be written is no error.
 */
export async function loadKernels(): Promise<Uint8Array<ArrayBuffer>> {
  const file = cacheFile();
  try {
    const cached = new Uint8Array(readFileSync(file));
    if (WebAssembly.validate(cached)) return cached;
  } catch {
    // not cached yet
  }
  const binary = await compileKernels();
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    const partial = `${file}.${process.pid}.partial`;
    writeFileSync(partial, binary);
    renameSync(partial, file);
  } catch {
    // a read-only home: compile again next time
  }
  return binary;
}
