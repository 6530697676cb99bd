/**
 * `deno run -A corpus/bzip2_block/compile.ts`: compiles the AssemblyScript beside it to `block.wasm`, which stands in the repository so
 * that nobody who reads a dump waits for a compiler.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const FLAGS = [
  "-O3",
  "--converge",
  "--noAssert",
  "--runtime",
  "stub",
  "--enable",
  "simd",
  "--initialMemory",
  "420",
  "--maximumMemory",
  "1200",
];

/** The text of the source `name`; undefined when there is none. */
export function readSource(name: string): string | undefined {
  const file = new URL(`${name}.as`, import.meta.url);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** The decoder of blocks as a WebAssembly binary. Throws an Error with the compiler's messages. */
export async function compileBlockDecoder(read = readSource): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["block.ts", "--outFile", "block.wasm", ...FLAGS], {
    readFile: (name: string) => read(name.replace(/\.ts$/, "")) ?? null,
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) {
    throw new Error(`the decoder does not compile: ${error?.message}\n${stderr.toString()}`);
  }
  return new Uint8Array(binary);
}

if (import.meta.main) writeFileSync(new URL("block.wasm", import.meta.url), await compileBlockDecoder());
