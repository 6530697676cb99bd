import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { UserError } from "@lukeforge/corpus";
import { convertLukeDataset } from "./convert_luke_dataset.ts";
import { Dataset } from "../dataset/dataset.ts";
import { readLukeDataset, readLukeDatasetMetadata } from "./luke_dataset.ts";
import { encodeExample, encodeTfRecords } from "./testdata_tf_record.ts";

type Features = Record<"page_id" | "word_ids" | "entity_ids" | "entity_position_ids", readonly number[]>;

const ITEMS: readonly Features[] = [
  { page_id: [4], word_ids: [9, 8, 7, 6], entity_ids: [3, 5], entity_position_ids: [1, 2, -1, 3, -1, -1] },
  { page_id: [-1], word_ids: [1, 2, 3], entity_ids: [], entity_position_ids: [] },
  { page_id: [0], word_ids: [5, 5, 5], entity_ids: [2, 0], entity_position_ids: [0, 1, 2, -1, -1, -1] },
];
const METADATA = {
  number_of_items: 3,
  max_seq_length: 6,
  max_entity_length: 2,
  max_mention_length: 3,
  min_sentence_length: 3,
};

const tokenizer = {
  vocabSize: 10,
  modelType: "roberta" as const,
  encodeSegment: (): number[] => [],
  isSubword: (): boolean => false,
  save: (directory: string): void => writeFileSync(`${directory}/tokenizer.json`, "{}"),
};
const vocab = {
  size: 6,
  unkId: 1,
  languages: new Set(["en"]),
  getId: (): undefined => undefined,
  save: (path: string): void => writeFileSync(path, ""),
};

async function inDirectory(use: (directory: string, out: string) => void | Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "lukeforge-luke-"));
  try {
    await use(directory, join(directory, "out"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function tfOf(items: readonly Features[]): Uint8Array {
  return encodeTfRecords(items.map((item) => encodeExample(Object.entries(item))));
}

function write(directory: string, items: readonly Features[], metadata: object = METADATA): void {
  writeFileSync(`${directory}/dataset.tf`, gzipSync(tfOf(items)));
  writeFileSync(`${directory}/metadata.json`, JSON.stringify(metadata));
}

const convert = (directory: string, out: string): Promise<unknown> =>
  convertLukeDataset(directory, tokenizer, vocab, out);

Deno.test("convertLukeDataset() names a folder that cannot be made, or holds something", async () => {
  await inDirectory(async (directory) => {
    write(directory, ITEMS);
    await rejects(
      convert(directory, join(directory, "dataset.tf", "out")),
      (error) =>
        error instanceof UserError && /dataset\.tf\/out: cannot be written \(.*\): check/.test(error.message),
    );
    await rejects(convert(directory, directory), /: exists and is not empty; remove it or name another/);
  });
});

Deno.test("convertLukeDataset() keeps items and their order, gzipped or not, with entity ids renumbered", async () => {
  await inDirectory(async (directory, out) => {
    write(directory, ITEMS);
    const expected = [
      {
        pageId: 4,
        wordIds: [9, 8, 7, 6],
        entities: [{ id: 3, start: 1, length: 2 }, { id: 5, start: 3, length: 1 }],
      },
      { pageId: -1, wordIds: [1, 2, 3], entities: [] },
      {
        pageId: 0,
        wordIds: [5, 5, 5],
        entities: [{ id: 2, start: 0, length: 3 }, { id: 0, start: 0, length: 0 }],
      },
    ];
    const items = (path: string): unknown[] => {
      using dataset = Dataset.open(path);
      dataset.checkFiles();
      return Array.from(dataset.items(), (item) => ({ ...item, wordIds: Array.from(item.wordIds) }));
    };
    const progress: number[] = [];
    const done = (read: number, total: number): void => void progress.push(read / total);
    await convertLukeDataset(directory, tokenizer, vocab, out, { progress: done });
    deepEqual(items(out), expected);
    equal(progress.at(-1), 1);

    writeFileSync(`${directory}/dataset.tf`, tfOf(ITEMS));
    await convert(directory, `${out}2`);
    deepEqual(items(`${out}2`), expected);

    await convertLukeDataset(directory, tokenizer, vocab, `${out}3`, {
      entityIds: Int32Array.of(2, 1, 0, 3, 4, 5),
    });
    using renumbered = Dataset.open(`${out}3`);
    deepEqual([renumbered.item(2).pageId, renumbered.item(2).entities.map(({ id }) => id)], [2, [0, 2]]);
    equal(renumbered.item(1).pageId, -1);

    using dataset = Dataset.open(out);
    const { number_of_items, max_seq_length, max_mention_length, language, tokenizer_class } =
      dataset.metadata;
    deepEqual([number_of_items, max_seq_length, max_mention_length], [3, 6, 3]);
    // Older directories name neither.
    deepEqual([language, tokenizer_class], [null, "RobertaTokenizer"]);
    await rejects(convert(directory, out), /out: exists and is not empty/);
  });
});

Deno.test("convertLukeDataset() names the item whose ids or positions make no sense, and leaves nothing", async () => {
  const [first, second, third] = ITEMS;
  const cases: [Partial<Features>, RegExp][] = [
    [{ word_ids: [5, 10] }, /word id 10, the tokenizer has 10 words; give the tokenizer/],
    [{ word_ids: [5, -2] }, /word id -2/],
    [{ entity_ids: [6], entity_position_ids: [0, -1, -1] }, /entity id 6, the vocabulary has 6 entities/],
    [{ page_id: [6] }, /page_id is 6/],
    [{ page_id: [] }, /page_id is missing,/],
    [{ page_id: [1, 2] }, /page_id is 1 2,/],
    [{ word_ids: [1, 2, 3, 4, 5] }, /5 words and 0 entities, metadata\.json says at most 4 and 2/],
    [
      { entity_ids: [1], entity_position_ids: [0, 1] },
      /2 positions of 1 entities, metadata\.json says 3 each/,
    ],
    [
      { entity_ids: [1], entity_position_ids: [0, 2, -1] },
      /mention 0 has the positions 0 2 -1, which are no range/,
    ],
    [{ entity_ids: [1], entity_position_ids: [0, -1, 1] }, /mention 0 has the positions 0 -1 1/],
    [{ entity_ids: [1], entity_position_ids: [1, 2, 3] }, /which are no range within its 3 words/],
    [{ entity_ids: [1], entity_position_ids: [-2, -1, -1] }, /the positions -2 -1 -1/],
  ];
  await inDirectory(async (directory, out) => {
    if (first === undefined || second === undefined || third === undefined) throw new Error("three items");
    for (const [change, message] of cases) {
      write(directory, [first, { ...second, ...change }, third]);
      await rejects(convert(directory, out), message);
      await rejects(
        convert(directory, out),
        /^UserError: .*dataset\.tf, item 1 \(byte \d+ of the unpacked file\): /,
      );
      equal(existsSync(out) || existsSync(`${out}.partial`), false);
    }
    writeFileSync(`${directory}/dataset.tf`, encodeTfRecords([encodeExample([["page_id", [1]]])]));
    await rejects(convert(directory, out), /item 0 .* has no word_ids/);
    writeFileSync(`${directory}/dataset.tf`, encodeTfRecords([Uint8Array.of(15)]));
    await rejects(convert(directory, out), /item 0 .* is no tf\.train\.Example/);
    const long = encodeTfRecords([new Uint8Array(2 ** 24 + 1)]);
    writeFileSync(`${directory}/dataset.tf`, gzipSync(long));
    await rejects(convert(directory, out), /record 0 .*: 16777217 bytes long, which no item of LUKE is/);
    write(directory, [], { ...METADATA, number_of_items: 0 });
    await rejects(convert(directory, out), /dataset\.tf: holds no items; build it again/);
    write(directory, [first, { ...second, page_id: Array.from({ length: 1000 }, () => 1) }]);
    await rejects(convert(directory, out), (error) => error instanceof Error && error.message.length < 400);
    write(directory, [first, second]);
    await rejects(convert(directory, out), /dataset\.tf: holds 2 items, but metadata\.json says 3/);
  });
});

Deno.test("readLukeDataset() finds every cut and every flipped bit of a gzipped file", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/dataset.tf`;
    const bytes = gzipSync(tfOf(ITEMS));
    const read = async (contents: Uint8Array): Promise<void> => {
      writeFileSync(path, contents);
      for await (const _ of readLukeDataset(directory, METADATA, { words: 10, entities: 6 }));
    };
    await read(bytes);
    for (let byte = 0; byte < bytes.length; byte++) {
      await rejects(
        read(bytes.subarray(0, byte)),
        /dataset\.tf(: cut off at byte \d+|, record|: holds no items)/,
      );
    }
    // After these, since Deno's zlib gives the message of the first damage for later cuts, too.
    for (let byte = 0; byte < bytes.length; byte++) {
      // Time and system in the header mean nothing, nor do its spare flags.
      if (byte < 10 && byte !== 2) continue;
      const flipped = bytes.slice();
      flipped[byte] = (flipped[byte] ?? 0) ^ 16;
      await rejects(read(flipped), /dataset\.tf(: cut off at|: damaged \(.*\) before byte|, record|, item)/);
    }
  });
});

Deno.test("readLukeDatasetMetadata() says what is missing", async () => {
  await inDirectory((directory) => {
    throws(() => readLukeDatasetMetadata(directory), /metadata\.json: no such file; name a directory that/);
    writeFileSync(`${directory}/metadata.json`, "{");
    throws(() => readLukeDatasetMetadata(directory), /dataset\.tf: no such file/);
    writeFileSync(`${directory}/dataset.tf`, "");
    throws(() => readLukeDatasetMetadata(directory), /metadata\.json: not valid JSON/);
    const { max_seq_length: _, ...lacking } = METADATA;
    writeFileSync(`${directory}/metadata.json`, JSON.stringify(lacking));
    throws(() => readLukeDatasetMetadata(directory), /max_seq_length is no whole number/);
    for (const field of ["tokenizer_class", "language"]) {
      writeFileSync(`${directory}/metadata.json`, JSON.stringify({ ...METADATA, [field]: 5 }));
      throws(
        () => readLukeDatasetMetadata(directory),
        new RegExp(`metadata\\.json: ${field} is no text; give`),
      );
    }
  });
});
