/** `convert-dataset` on a directory that LUKE's own builder wrote (`tests/peers/luke_dataset.py`), item for item. */
import { deepEqual, equal, match } from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Dataset } from "@lukeforge/train";
import { EntityVocab } from "@lukeforge/vocab";
import { runHere, TemporaryDirectory } from "./command_line.ts";

const SOURCE = fileURLToPath(new URL("fixtures/luke_dataset", import.meta.url));

/** An item as LUKE's own reader gives it. */
interface LukeItem {
  readonly page_id: number | readonly number[];
  readonly word_ids: readonly number[];
  readonly entity_ids: readonly number[];
  readonly entity_position_ids: readonly (readonly number[])[];
}

function itemsOfLuke(): LukeItem[] {
  const items: LukeItem[] = JSON.parse(gunzipSync(readFileSync(`${SOURCE}/items.json.gz`)).toString());
  return items.map((item) => ({ ...item, page_id: [item.page_id].flat()[0] ?? -1 }));
}

/** The items of a dataset in LUKE's form. */
function itemsOf(directory: string, entityId = (id: number): number => id): LukeItem[] {
  using dataset = Dataset.open(directory);
  dataset.checkFiles();
  const { max_mention_length } = dataset.metadata;
  return Array.from(dataset.items(), ({ pageId, wordIds, entities }) => ({
    page_id: pageId < 0 ? pageId : entityId(pageId),
    word_ids: Array.from(wordIds),
    entity_ids: entities.map(({ id }) => entityId(id)),
    entity_position_ids: entities.map(({ start, length }) =>
      Array.from({ length: max_mention_length }, (_, i) => i < length ? start + i : -1)
    ),
  }));
}

Deno.test("convert-dataset takes over a dataset of LUKE's own builder item for item", async () => {
  using directory = new TemporaryDirectory();
  const out = directory.file("dataset");
  const { lines, errors } = await runHere(["convert-dataset", SOURCE, out]);
  match(lines.join("\n"), /dataset: 89 items, [\d,]+ words, \d+ entities/, errors.join("\n"));
  deepEqual(itemsOf(out), itemsOfLuke());
  const info = await runHere(["dataset-info", out, "--verify", "--examples", "80"]);
  match(
    info.lines.join("\n"),
    /all files agree.*made from:\n {4}converted_from: luke_dataset\/dataset\.tf\n/s,
  );
  match(info.lines.join("\n"), /\[agn\]\(Agnes Corr\)es corr insisted on this/);

  const again = await runHere(["convert-dataset", SOURCE, out]);
  equal(again.code, 1);
  match(again.errors.join("\n"), /dataset: exists and is not empty/);
  const none = await runHere(["convert-dataset", directory.path, directory.file("none")]);
  match(
    none.errors.join("\n"),
    /metadata\.json: no such file; name a directory that build-wikipedia-pretraining-dataset/,
  );
});

Deno.test("convert-dataset puts mLUKE's special entities first, and takes vocabularies from elsewhere", async () => {
  using directory = new TemporaryDirectory();
  const source = directory.file("source"),
    out = directory.file("dataset"),
    vocabFile = directory.file("mluke.jsonl");
  cpSync(SOURCE, source, { recursive: true });
  // mLUKE: [MASK] 0, [UNK] 1, [PAD] 2.
  const lines = readFileSync(`${SOURCE}/entity_vocab.jsonl`, "utf8").trim().split("\n");
  const [pad = "", unk = "", mask = "", ...rest] = lines;
  const renumbered = [mask, unk, pad, ...rest].map((line, id) => line.replace(/"id": \d+/, `"id": ${id}`));
  writeFileSync(vocabFile, renumbered.join("\n") + "\n");
  cpSync(`${SOURCE}/vocab.txt`, directory.file("vocab.txt"));
  for (
    const name of ["entity_vocab.jsonl", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"]
  ) {
    rmSync(`${source}/${name}`);
  }
  const missing = await runHere(["convert-dataset", source, out]);
  match(missing.errors.join("\n"), /source: holds no tokenizer\.json, vocab\.txt/);
  const vocabularies = ["--tokenizer", directory.file("vocab.txt"), "--entity-vocab", vocabFile];
  const { code, errors } = await runHere(["convert-dataset", source, out, ...vocabularies]);
  equal(code, undefined, errors.join("\n"));
  const vocab = EntityVocab.load(out);
  deepEqual([vocab.padId, vocab.unkId, vocab.maskId], [0, 1, 2]);
  deepEqual(itemsOf(out, (id) => [2, 1, 0][id] ?? id), itemsOfLuke());
});
