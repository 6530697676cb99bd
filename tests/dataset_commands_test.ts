/** The commands about datasets as a user runs them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { sampleDumpPath } from "@lukeforge/corpus";
import { runHere, TemporaryDirectory, TINY } from "./command_line.ts";

async function printed(...args: string[]): Promise<readonly string[]> {
  const { code, lines, errors } = await runHere(args);
  equal(code, undefined, errors.join("\n"));
  return lines;
}

async function refused(pattern: RegExp, ...args: string[]): Promise<readonly string[]> {
  const { code, lines, errors } = await runHere(args);
  equal(code, 1, lines.join("\n"));
  equal(errors.length, 1, errors.join("\n"));
  match(errors[0] ?? "", pattern);
  return lines;
}

/** Two datasets of the sample: pages kept for training, and the others. */
async function sampleDatasets(directory: TemporaryDirectory): Promise<{ train: string; heldOut: string }> {
  const [db, tokenizer, vocab] = ["pages.db", "tokenizer", "vocab.jsonl"].map((name) => directory.file(name));
  const [train, heldOut] = [directory.file("train"), directory.file("held-out")];
  await printed("build-dump-db", sampleDumpPath(), db ?? "");
  await printed("train-tokenizer", db ?? "", tokenizer ?? "", "--vocab-size", "600");
  await printed("build-entity-vocab", db ?? "", vocab ?? "");
  const build = ["build-wikipedia-pretraining-dataset", db ?? "", tokenizer ?? "", vocab ?? ""];
  const split = ["--held-out-fraction", "0.2", "--max-seq-length", "64"];
  await printed(...build, train, ...split);
  await printed(...build, heldOut, ...split, "--held-out");
  return { train, heldOut };
}

function flipBit(path: string, byte: number): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

Deno.test("dataset-info prints lengths, coverage and marked examples; --verify names what is damaged", async () => {
  using directory = new TemporaryDirectory();
  const { train, heldOut } = await sampleDatasets(directory);

  const text = (await printed("dataset-info", train, heldOut, "--examples", "3", "--verify")).join("\n");
  match(text, /train: all files agree with their checksums\n.*held-out: all files agree/);
  match(text, /train: [\d,]+ items, [\d,]+ words, [\d,]+ entities, [\d.]+ [KM]iB in 1 shard/);
  match(text, /made from:\n {4}dump_file: encyclopedia\.xml\n/);
  match(text, /words of an item: mean [\d.]+, median \d+, nine tenths up to \d+, most \d+\n +\d+–\d+ {2}█/);
  match(
    text,
    /real words in batches of items in random order: 8 items \d+ %, .*; with --group-by-length \d+ %/,
  );
  match(text, /entities of the vocabulary that occur: \d+ of \d+ \(/);
  match(text, /examples \(seed 0\):\n {4}\d+.*: .*\[[^\]]+\]\([^)]+\)/);
  match(text, /together: [\d,]+ items of 2 datasets with the same tokenizer/);

  const json = async (...options: string[]): Promise<Record<string, unknown>[]> =>
    JSON.parse((await printed("dataset-info", train, "--json", ...options)).join("\n"));
  const [facts] = await json("--examples", "2"), [again] = await json("--examples", "2");
  const [other] = await json("--examples", "2", "--seed", "1");
  ok(Array.isArray(facts?.examples) && facts.examples.length === 2);
  const shard = ["bin", "idx"].map((ending) => statSync(`${train}/shard-00000.${ending}`).size);
  equal(facts.bytes, (shard[0] ?? 0) + (shard[1] ?? 0));
  deepEqual(facts, again);
  ok(JSON.stringify(facts.examples) !== JSON.stringify(other?.examples));

  flipBit(`${train}/shard-00000.bin`, 400);
  await refused(/shard-00000\.bin, item \d+ \(byte \d+\): damaged, its checksum/, "dataset-info", train);
  flipBit(`${train}/shard-00000.bin`, 4000);
  const listed = await refused(/train: 2 of its parts are damaged/, "dataset-info", train, "--verify");
  equal(listed.length, 2);
  flipBit(`${heldOut}/tokenizer.json`, 100);
  await refused(/tokenizer\.json: is not the file that the data set was built with/, "dataset-info", heldOut);
});

Deno.test("pretrain names the damaged item that it meets, in whichever thread, and vocabularies that differ", async () => {
  using directory = new TemporaryDirectory();
  const { train, heldOut } = await sampleDatasets(directory);
  const sizes = ["--vocab-size", "--entity-vocab-size"];
  const tiny = TINY.filter((text, i) => !sizes.includes(text) && !sizes.includes(TINY[i - 1] ?? ""));
  const pretrain = (
    ...args: string[]
  ): string[] => ["pretrain", train, directory.file("run"), ...tiny, ...args];
  const other = directory.file("other");
  cpSync(heldOut, other, { recursive: true });
  const metadata = readFileSync(`${other}/metadata.json`, "utf8");
  writeFileSync(`${other}/metadata.json`, metadata.replace(/"language": "en"/, '"language": "eo"'));
  await refused(/other\/metadata\.json: damaged \(its fields/, ...pretrain("--held-out-dataset-dir", other));
  await refused(/^--tokenizer: is settled by the dataset/, ...pretrain("--tokenizer", `${heldOut}`));

  const vocab = directory.file("small.jsonl");
  await printed("build-entity-vocab", directory.file("pages.db"), vocab, "--vocab-size", "30");
  const inputs = [directory.file("pages.db"), directory.file("tokenizer"), vocab, directory.file("small")];
  await printed("build-wikipedia-pretraining-dataset", ...inputs, "--max-seq-length", "64");
  const differs = /small\/entity_vocab\.jsonl: is not the same as .*train\/entity_vocab\.jsonl; build both/;
  await refused(differs, ...pretrain("--held-out-dataset-dir", directory.file("small")));
  await refused(differs, "pretrain", `${train},${directory.file("small")}`, directory.file("run"), ...tiny);

  flipBit(`${train}/shard-00000.bin`, 5000);
  for (const workers of ["0", "1"]) {
    const damaged =
      /^\S*train\/shard-00000\.bin, item \d+ \(byte \d+\): damaged, its checksum does not agree; copy/;
    await refused(damaged, ...pretrain("--data-workers", workers, "--max-steps", "200"));
  }
});

Deno.test("compute-total-training-steps adds up directories of a pattern, those of LUKE's own builder too", async () => {
  using directory = new TemporaryDirectory();
  for (const [name, items] of [["en", 1000], ["ja", 501]] as const) {
    mkdirSync(directory.file("sets", name), { recursive: true });
    writeFileSync(directory.file("sets", name, "metadata.json"), `{"number_of_items": ${items}}`);
  }
  writeFileSync(directory.file("sets", "README"), "no directory");
  const steps = (pattern: string, batch: string, epochs: string): string[] => [
    ...["compute-total-training-steps", "--dataset-dir", pattern],
    ...["--train-batch-size", batch, "--num-epochs", epochs],
  ];
  const sets = directory.file("sets");
  deepEqual(await printed(...steps(`${sets}/*`, "2048", "20")), ["Total training steps: 15"]);
  deepEqual(await printed(...steps(`${sets}/en`, "2048", "20")), ["Total training steps: 10"]);
  deepEqual(await printed(...steps(`${sets}/{en,ja}`, "1", "0.5")), ["Total training steps: 751"]);
  deepEqual(await printed(...steps(`${sets}/en,${sets}/ja`, "1", "0.5")), ["Total training steps: 751"]);
  await refused(/--dataset-dir .*de\*: matches no directory/, ...steps(`${sets}/de*`, "1", "1"));
  await refused(/--num-epochs 0: must be a number above 0/, ...steps(`${sets}/en`, "1", "0"));
  await refused(/at least 1/, ...steps(`${sets}/en`, "0", "1"));
  mkdirSync(directory.file("sets", "de"));
  await refused(/de\/metadata\.json: no such file/, ...steps(`${sets}/*`, "1", "1"));
  writeFileSync(directory.file("sets", "de", "metadata.json"), `{"number_of_items": -1}`);
  await refused(/de\/metadata\.json: has no number_of_items/, ...steps(`${sets}/*`, "1", "1"));
});
