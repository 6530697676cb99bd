import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildDumpDB, DumpDB, sampleDumpPath, UserError } from "@lukeforge/corpus";
import { lineBlocks } from "./line_blocks.ts";
import { trainingTexts } from "./training_texts.ts";

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await work(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

async function textsOf(path: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of trainingTexts(path)) texts.push(...batch.texts);
  return texts;
}

Deno.test("trainingTexts() gives the lines of a text file with their ends, without a byte order mark", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "a.txt");
    for (
      const [content, lines] of [
        ["\ufeffone\r\n\n two", ["one\r\n", "\n", " two"]],
        ["one\n", ["one\n"]],
        ["", []],
      ] as const
    ) {
      Deno.writeTextFileSync(path, content);
      deepEqual(await textsOf(path), lines);
      Deno.writeFileSync(path, gzipSync(content));
      deepEqual(await textsOf(path), lines);
    }
  });
});

Deno.test("trainingTexts() reads text, paragraphs, and leaves out the line about a whole corpus", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "a.jsonl");
    Deno.writeTextFileSync(
      path,
      '{"language":"en","pages":2,"redirects":{"A":"B"}}\n{"title":"t","paragraphs":[{"text":"one"},{"text":"two\\n"}]}\n' +
        '\n{"text":"three"}',
    );
    deepEqual(await textsOf(path), ["one", "two\n", "three"]);
    const big = `{"language":"en","redirects":{"A":"${"x".repeat(3e6)}"}}\n{"text":"one"}\n`;
    Deno.writeTextFileSync(path, big);
    deepEqual(await textsOf(path), ["one"]);
  });
});

Deno.test("trainingTexts() gives the paragraphs of a page database", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "pages.db");
    await buildDumpDB(sampleDumpPath(), path);
    using db = DumpDB.open(path);
    const expected = [...db.pages()].flatMap(({ paragraphs }) => paragraphs.map(({ text }) => text));
    deepEqual(await textsOf(path), expected);
  });
});

Deno.test("trainingTexts() names the line and the byte of what is no UTF-8, and lines without a text", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "a.txt");
    const refuses = (name: string, content: Uint8Array | string, pattern: RegExp): Promise<void> => {
      Deno.writeFileSync(
        join(directory, name),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return rejects(
        textsOf(join(directory, name)),
        (error) => error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n"),
      );
    };
    const bytes = (...parts: (string | number)[]): Uint8Array =>
      Uint8Array.from(
        parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : [part]),
      );
    await refuses(
      "a.txt",
      bytes("über\nb ", 0xff, " c\n"),
      /a\.txt, line 2: is not UTF-8 at byte 8 of the text \(0xff\)/,
    );
    await refuses("a.txt", bytes("ü\n", 0xc3), /line 2: is not UTF-8 at byte/);
    await refuses(
      "a.txt",
      bytes("x".repeat(3e6), "\ny", 0xe2, 0x82, "z\n"),
      /line 2: is not UTF-8 at byte 3000004/,
    );
    await refuses("b.jsonl", '{"text":"a"}\n{"text":1}\n', /b\.jsonl, line 2: has no "text"/);
    await refuses("b.jsonl", '{"text":"a"}\n{"text"\n', /line 2: is not JSON/);
    await refuses("c.txt.gz", gzipSync("x".repeat(1e5)).subarray(0, 60), /c\.txt\.gz: cannot be read/);
    await rejects(textsOf(join(directory, "none.txt")), UserError);
    await rejects(textsOf(directory), UserError);
    equal(path.endsWith("a.txt"), true);
  });
});

Deno.test("lineBlocks() cuts long lines at a space, and nothing is lost", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "a.txt");
    const text = "é word ".repeat(1e6);
    Deno.writeTextFileSync(path, text);
    const lines: string[] = [];
    for await (const block of lineBlocks(path, { longestLine: 1 << 21 })) lines.push(...block.lines);
    equal(lines.length > 2, true);
    equal(lines.join(""), text);
    equal(lines.every((line) => line.endsWith(" ")), true);
    Deno.writeTextFileSync(path, "日本".repeat(1e6));
    const parts: string[] = [];
    for await (const block of lineBlocks(path, { longestLine: 1 << 20 })) parts.push(...block.lines);
    equal(parts.length > 1, true);
    equal(parts.join(""), "日本".repeat(1e6));
  });
});
