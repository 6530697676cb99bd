import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { inDirectory, userError } from "../dataset/dataset_fixture.ts";
import { FileDocuments, type FileDocumentsOptions } from "./file_documents.ts";
import { mentionVocab } from "./mention_vocab.ts";

async function read(
  paths: string[],
  options: FileDocumentsOptions,
): Promise<[string | undefined, string[]][]> {
  const found: [string | undefined, string[]][] = [];
  for await (const { title, paragraphs } of new FileDocuments(paths, options).documents()) {
    found.push([title, Array.from(paragraphs, ({ text }) => text)]);
  }
  return found;
}

const lines = (...values: unknown[]): string => values.map((value) => JSON.stringify(value) + "\n").join("");

Deno.test("FileDocuments reads JSON lines and text, gzipped or not, in order", async () => {
  await inDirectory(async (directory) => {
    const [a, b, c] = [`${directory}/a.jsonl`, `${directory}/b.txt`, `${directory}/c.ndjson.gz`];
    writeFileSync(a, "\ufeff" + lines({ text: "One.", title: "T" }) + "\n" + lines({ text: "Two." }));
    writeFileSync(b, "\n First line.\r\nSecond line.\n \t\n\nThird.");
    writeFileSync(c, gzipSync(lines({ text: "Four." })));
    const withoutMentions = { hasMentions: false };
    deepEqual(await read([c, b, a], withoutMentions), [
      [undefined, ["Four."]],
      [undefined, ["First line.", "Second line."]],
      [undefined, ["Third."]],
      ["T", ["One."]],
      [undefined, ["Two."]],
    ]);
    equal((await read([c, b, a], { ...withoutMentions, maxNumDocuments: 2 })).length, 2);
    const filter = (key: string): boolean => key !== "First line." && key !== "T";
    deepEqual((await read([c, b, a], { ...withoutMentions, filter })).length, 3);
    const documents = new FileDocuments([c, b], withoutMentions);
    for await (const _ of documents.documents()) ok(documents.done <= documents.total);
    equal(documents.done, documents.total);
  });
});

Deno.test("FileDocuments divides a text without blank lines, and long lines, without losing a word", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/long.txt`;
    const words = Array.from({ length: 400_000 }, (_, i) => `word${i}`);
    writeFileSync(path, words.slice(0, 300_000).join(" ") + "\n" + words.slice(300_000).join("\n"));
    const documents = await read([path], { hasMentions: false });
    ok(documents.length > 2);
    for (const [, texts] of documents) ok(texts.reduce((sum, text) => sum + text.length, 0) < 4 << 20);
    deepEqual(documents.flatMap(([, texts]) => texts).join(" ").split(" "), words);
  });
});

Deno.test("FileDocuments names the line that is wrong, or leaves it out and counts it", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.jsonl`;
    const good = { text: "Good.", mentions: [{ start: 0, end: 4, entity: "Good" }] };
    const bad = { text: "Bad.", mentions: [{ start: 0, end: 9, entity: "Bad" }] };
    writeFileSync(path, lines(good, bad, good) + "{\n");
    const options = { hasMentions: true };
    await rejects(read([path], options), userError(/a\.jsonl, line 2, mention 1 \(0 to 9\): is not within/));
    const latin = Uint8Array.from(
      lines(good) + '{"text": "\xe4"}\n' + lines(bad, good),
      (c) => c.charCodeAt(0),
    );
    writeFileSync(`${directory}/b.jsonl`, latin);
    await rejects(
      read([`${directory}/b.jsonl`], options),
      userError(/b\.jsonl, line 2: is not UTF-8 at byte/),
    );
    const documents = new FileDocuments([path, `${directory}/b.jsonl`], { ...options, skipInvalid: true });
    let count = 0;
    for await (const { paragraphs } of documents.documents()) for (const _ of paragraphs) count++;
    deepEqual([count, documents.skippedLines], [4, 4]);
    ok(/a\.jsonl, line 2, mention 1/.test(documents.firstSkipped ?? ""));
    equal(documents.provenance()["skipped_lines"], 4);
    throws(
      () => new FileDocuments([`${directory}/none.jsonl`], options),
      userError(/none\.jsonl: no such file/),
    );
    throws(() => new FileDocuments([directory], options), userError(/is no file; name the files in it/));
    throws(() => new FileDocuments([`${directory}/a.jsonl.txt`], options), userError(/no such file/));
    throws(
      () => new FileDocuments([path, `${directory}/./a.jsonl`], options),
      userError(/\.\/a\.jsonl: is given twice/),
    );
    writeFileSync(`${directory}/a.txt`, "x");
    throws(
      () => new FileDocuments([`${directory}/a.txt`], options),
      userError(/use build-dataset-from-text/),
    );
  });
});

Deno.test("mentionVocab() keeps the most frequent entities in the documents' language", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.jsonl`;
    const line = (...entities: string[]): unknown => ({
      text: "abcdefgh",
      mentions: entities.map((entity, start) => ({ start, end: start + 1, entity })),
    });
    writeFileSync(path, lines(line("B", "Z", "A", "[UNK]"), line("B", "A", "\u{1f600}", "\uffee")));
    const source = new FileDocuments([path], { hasMentions: true, language: "eo" });
    const vocab = await mentionVocab(source, { vocabSize: 7, minCount: 1 });
    deepEqual([...vocab.entries()].slice(3), [
      { id: 3, entities: [["A", "eo"]], count: 2 },
      { id: 4, entities: [["B", "eo"]], count: 2 },
      { id: 5, entities: [["Z", "eo"]], count: 1 },
      { id: 6, entities: [["\uffee", "eo"]], count: 1 },
    ]);
    equal((await mentionVocab(source, { vocabSize: 100, minCount: 2 })).size, 5);
    await rejects(
      mentionVocab(source, { vocabSize: 9, minCount: 3 }),
      userError(/none of 5 .* lower --min-count/),
    );
    writeFileSync(path, lines({ text: "none" }));
    const none = new FileDocuments([path], { hasMentions: true });
    await rejects(mentionVocab(none, { vocabSize: 9, minCount: 1 }), userError(/mention no entity/));
  });
});
