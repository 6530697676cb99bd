import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { copyFileSync, existsSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { openTokenizer } from "./open_tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

const data = new URL("../../shared/data/tokenizers/", import.meta.url).pathname;
const roberta = `${data}roberta-base`;
const bert = `${data}bert-base-cased/vocab.txt`;
const noRoberta = !existsSync(roberta);
const noBert = !existsSync(bert);

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function pieces(tokenizer: Tokenizer, text: string, prefixSpace: boolean): string[] {
  return tokenizer.encodeSegment(text, prefixSpace).map((id) => tokenizer.token(id));
}

function refused(path: string, pattern: RegExp): Promise<void> {
  return rejects(
    () => openTokenizer(path),
    (error) => error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n"),
  );
}

const tinyBert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "lake", "##s", "the", "[", "]", "mask", "."];
const tinyMerges = ["#version: 0.2", "l a", "Ġ la", "k e"];
const tinyBpe = [
  "<s>",
  "<pad>",
  "</s>",
  "<unk>",
  "Ġ",
  "l",
  "a",
  "k",
  "e",
  "s",
  "la",
  "Ġla",
  "ke",
  "<",
  ">",
  "m",
  "<mask>",
];

function writeTinyBpe(directory: string): void {
  const vocab = Object.fromEntries(tinyBpe.map((token, id) => [token, id]));
  Deno.writeTextFileSync(`${directory}/vocab.json`, JSON.stringify(vocab));
  Deno.writeTextFileSync(`${directory}/merges.txt`, tinyMerges.join("\n") + "\n");
}

Deno.test("openTokenizer() opens a vocab.txt, uncased unless it has capitals or a configuration says otherwise", async () => {
  await inDirectory(async (directory) => {
    Deno.writeTextFileSync(`${directory}/vocab.txt`, tinyBert.join("\r\n"));
    const uncased = await openTokenizer(directory);
    deepEqual([uncased.padId, uncased.unkId, uncased.clsId, uncased.sepId, uncased.maskId], [0, 1, 2, 3, 4]);
    deepEqual([uncased.vocabSize, uncased.modelType], [12, "bert"]);
    deepEqual(pieces(uncased, "The  Lakes. ", false), ["the", "lake", "##s", "."]);
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, '{"do_lower_case": false}');
    deepEqual(pieces(await openTokenizer(`${directory}/vocab.txt`), "the Lakes.", false), [
      "the",
      "[UNK]",
      ".",
    ]);
  });
});

Deno.test("openTokenizer() opens vocab.json with merges.txt, and makes prefixSpace a leading space", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    for (const path of [directory, `${directory}/vocab.json`, `${directory}/merges.txt`]) {
      const tokenizer = await openTokenizer(path);
      deepEqual([tokenizer.vocabSize, tokenizer.modelType, tokenizer.maskId], [17, "roberta", 16]);
      deepEqual(pieces(tokenizer, "lakes", false), ["la", "ke", "s"]);
      deepEqual(pieces(tokenizer, "lakes", true), ["Ġla", "ke", "s"]);
      deepEqual(pieces(tokenizer, " \t lakes\n", true), ["Ġla", "ke", "s"]);
      deepEqual(pieces(tokenizer, "lake\u00a0\u3000lake\u0085", false), ["la", "ke", "Ġla", "ke"]);
      equal(tokenizer.decode([0, 11, 12, 9, 16, 2]), "<s> lakes<mask></s>");
    }
  });
});

Deno.test("Tokenizer.encodeSegment() takes names of special tokens in a text as text", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    deepEqual(pieces(await openTokenizer(directory), "<mask>", false), ["<", "m", "a", "s", "k", ">"]);
    Deno.writeTextFileSync(`${directory}/vocab.txt`, tinyBert.join("\n"));
    deepEqual(pieces(await openTokenizer(`${directory}/vocab.txt`), "[mask] lake", false), [
      "[",
      "mask",
      "]",
      "lake",
    ]);
  });
});

Deno.test("Tokenizer.encodeSegment() gives no ids for white space and empty text", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    const tokenizer = await openTokenizer(directory);
    for (const text of ["", " ", "\n\t ", "\u2003"]) deepEqual(tokenizer.encodeSegment(text, true), []);
  });
});

Deno.test("Tokenizer.token() refuses ids that do not exist, isSubword() is false for them", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    const tokenizer = await openTokenizer(directory);
    throws(() => tokenizer.token(17), RangeError);
    throws(() => tokenizer.decode([-1]), RangeError);
    equal(tokenizer.isSubword(17), false);
    deepEqual([0, 4, 5, 11, 12].map((id) => tokenizer.isSubword(id)), [false, false, true, false, true]);
  });
});

Deno.test("openTokenizer() adds the tokens of added_tokens.json, of the configuration, and LUKE's markers", async () => {
  const ent = { lstrip: false, rstrip: false, normalized: false, single_word: false, special: true };
  const files: Record<string, Record<string, unknown>>[] = [
    { "added_tokens.json": { "<ent>": 17, "<ent2>": 18 } },
    {
      "tokenizer_config.json": {
        added_tokens_decoder: { "17": { content: "<ent>", ...ent }, "18": { content: "<ent2>", ...ent } },
      },
    },
    { "tokenizer_config.json": { additional_special_tokens: ["<ent>", { content: "<ent2>" }] } },
    { "special_tokens_map.json": { additional_special_tokens: ["<ent>", "<ent2>"] } },
    { "tokenizer_config.json": { tokenizer_class: "LukeTokenizer" } },
  ];
  for (const [i, named] of files.entries()) {
    await inDirectory(async (directory) => {
      writeTinyBpe(directory);
      for (const [name, content] of Object.entries(named)) {
        Deno.writeTextFileSync(`${directory}/${name}`, JSON.stringify(content));
      }
      const opened = await openTokenizer(directory);
      Deno.mkdirSync(`${directory}/saved`);
      opened.save(`${directory}/saved`);
      Deno.mkdirSync(`${directory}/slow`);
      for (const name of ["vocab.json", "merges.txt", "tokenizer_config.json"]) {
        copyFileSync(`${directory}/saved/${name}`, `${directory}/slow/${name}`);
      }
      for (const path of [directory, `${directory}/saved`, `${directory}/slow`]) {
        const tokenizer = await openTokenizer(path);
        equal(tokenizer.vocabSize, 19, `${i} ${path}`);
        deepEqual([tokenizer.addedTokenId("<ent>"), tokenizer.addedTokenId("<ent2>")], [17, 18]);
        deepEqual([tokenizer.addedTokenId("<mask>"), tokenizer.addedTokenId("la")], [16, undefined]);
        deepEqual(tokenizer.encodeText("la<ent2> <ent>").ids, [0, 10, 18, 4, 17, 2]);
        equal(tokenizer.encodeSegment("la<ent2> <ent>", true).some((id) => id > 16), false);
        equal(tokenizer.decode([10, 18, 17, 2], { skipSpecialTokens: true }), "la");
      }
      const config = JSON.parse(Deno.readTextFileSync(`${directory}/saved/tokenizer_config.json`));
      equal(config.tokenizer_class, i === 4 ? "LukeTokenizer" : "RobertaTokenizer");
    });
  }
});

Deno.test("openTokenizer() refuses added tokens that contradict the vocabulary", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    Deno.writeTextFileSync(`${directory}/added_tokens.json`, '{"<mask>": 17}');
    await refused(directory, /added_tokens\.json gives "<mask>" the id 17, the vocabulary 16/);
    Deno.writeTextFileSync(`${directory}/added_tokens.json`, '{"<ent>": "a"}');
    await refused(directory, /must map tokens to ids/);
    Deno.writeTextFileSync(`${directory}/added_tokens.json`, "{}");
    Deno.writeTextFileSync(`${directory}/tokenizer_config.json`, '{"added_tokens_decoder": {"17": {}}}');
    await refused(directory, /no content for the id 17/);
  });
});

Deno.test("openTokenizer() takes special tokens that a configuration names", async () => {
  await inDirectory(async (directory) => {
    const tokens = tinyBert.map((token) => token === "[MASK]" ? "<hole>" : token);
    Deno.writeTextFileSync(`${directory}/vocab.txt`, tokens.join("\n"));
    await refused(directory, /vocab\.txt: the vocabulary lacks \[MASK\] \(mask_token\)/);
    Deno.writeTextFileSync(`${directory}/special_tokens_map.json`, '{"mask_token": {"content": "<hole>"}}');
    const tokenizer = await openTokenizer(directory);
    equal(tokenizer.maskId, 4);
    Deno.mkdirSync(`${directory}/saved`);
    tokenizer.save(`${directory}/saved`);
    equal((await openTokenizer(`${directory}/saved`)).maskId, 4);
  });
});

const tinyIds = Object.fromEntries(tinyBert.map((token, id) => [token, id]));

function wordPiece(vocab: Record<string, number>): string {
  return JSON.stringify({ model: { type: "WordPiece", continuing_subword_prefix: "##", vocab } });
}

Deno.test("openTokenizer() names file, place and remedy for what it cannot open", async () => {
  await inDirectory(async (directory) => {
    await refused(`${directory}/none`, /none: no such tokenizer/);
    await refused(directory, /holds no tokenizer\.json/);
    const attempts: [file: string, content: string, message: RegExp][] = [
      ["a.json", "{", /a\.json: cannot be read as JSON/],
      ["b.json", "[]", /expected a JSON object/],
      [
        "c.json",
        '{"model": {"type": "Unigram", "vocab": [["a", -1]]}}',
        /needs pieces with scores, and an unk_id/,
      ],
      [
        "d.json",
        '{"model": {"vocab": {"a": 0}, "merges": []}}',
        /neither WordPiece with "##" nor byte-level BPE/,
      ],
      ["e.json", '{"a": "b"}', /must map tokens to ids/],
      ["tokenizer.json", "{}", /tokenizer\.json: has no WordPiece, BPE or Unigram model/],
      [
        "i.json",
        wordPiece({ ...tinyIds, x: 2e9 }),
        /i\.json: the token "x" has the id 2000000000, not one of 0 to/,
      ],
      ["j.json", wordPiece({ ...tinyIds, x: 0 }), /the tokens "\[PAD\]" and "x" both have the id 0/],
      ["f.json", '{"a": 0}', /merges\.txt: cannot be read/],
      ["g.txt", "[PAD]\na\n[PAD]\n", /g\.txt, line 3: repeats the token "\[PAD\]" of line 1/],
      ["h.txt", "[UNK]\na\n", /lacks \[PAD\] \(pad_token\), \[CLS\] \(cls_token\), \[SEP\]/],
    ];
    for (const [file, content, message] of attempts) {
      Deno.writeTextFileSync(`${directory}/${file}`, content);
      await refused(`${directory}/${file}`, message);
    }
    Deno.writeTextFileSync(`${directory}/merges.txt`, "#version: 0.2\na b\nab\n");
    await refused(`${directory}/f.json`, /merges\.txt, line 3: expected two tokens/);
  });
});

Deno.test("Tokenizer.save() writes what opens again with the same ids, the same bytes every time", async () => {
  await inDirectory(async (directory) => {
    writeTinyBpe(directory);
    Deno.writeTextFileSync(`${directory}/vocab.txt`, tinyBert.join("\n"));
    const files: Record<string, string[]> = {
      "vocab.json": [
        "merges.txt",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.json",
      ],
      "vocab.txt": ["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"],
    };
    for (const [file, written] of Object.entries(files)) {
      const [first, second] = [`${directory}/${file}.1`, `${directory}/${file}.2`];
      Deno.mkdirSync(first);
      Deno.mkdirSync(second);
      const tokenizer = await openTokenizer(`${directory}/${file}`);
      tokenizer.save(first);
      const again = await openTokenizer(first);
      again.save(second);
      deepEqual([...Deno.readDirSync(first)].map(({ name }) => name).sort(), written);
      for (const name of written) {
        equal(Deno.readTextFileSync(`${first}/${name}`), Deno.readTextFileSync(`${second}/${name}`), name);
      }
      deepEqual(
        again.encodeSegment("the lakes lake.", true),
        tokenizer.encodeSegment("the lakes lake.", true),
      );
    }
  });
});

Deno.test({
  name: "encodeSegment() gives LUKE's known answers for roberta-base",
  ignore: noRoberta,
  fn: async () => {
    const tokenizer = await openTokenizer(roberta);
    deepEqual(pieces(tokenizer, "Tokyo", true), ["ĠTokyo"]);
    deepEqual(pieces(tokenizer, "Tokyo", false), ["Tok", "yo"]);
    deepEqual(pieces(tokenizer, "Studio Ousia", true), ["ĠStudio", "ĠO", "us", "ia"]);
    deepEqual(pieces(tokenizer, " developed ", false), ["Ġdeveloped"]);
    deepEqual(pieces(tokenizer, "LUKE", true), ["ĠLU", "KE"]);
    deepEqual(pieces(tokenizer, ".", false), ["."]);
    deepEqual(
      [
        tokenizer.clsId,
        tokenizer.padId,
        tokenizer.sepId,
        tokenizer.unkId,
        tokenizer.maskId,
        tokenizer.vocabSize,
      ],
      [0, 1, 2, 3, 50264, 50265],
    );
    equal(
      tokenizer.encodeSegment("Tokyo <mask> <pad></s>", true).some((id) => id < 4 || id === 50264),
      false,
    );
  },
});

Deno.test({
  name:
    "openTokenizer() gives the same ids from tokenizer.json as from vocab.json with merges.txt of roberta-base",
  ignore: noRoberta,
  fn: async () => {
    await inDirectory(async (directory) => {
      for (const name of ["vocab.json", "merges.txt"]) {
        copyFileSync(`${roberta}/${name}`, `${directory}/${name}`);
      }
      const [one, two] = [await openTokenizer(roberta), await openTokenizer(directory)];
      const texts = [
        "It's  Zürich’s\u00a0lake, naïve – 東京 😀 l'été 1999/2000 ...",
        "<s> don't",
        "\u200d\ufeffx",
      ];
      for (const text of texts) deepEqual(one.encodeSegment(text, true), two.encodeSegment(text, true));
    });
  },
});

Deno.test({
  name: "decode() of roberta-base returns any text that encodeSegment() leaves as it is",
  ignore: noRoberta,
  fn: async () => {
    const tokenizer = await openTokenizer(roberta);
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const collapsed = text.replace(/\s+/g, " ").trimEnd();
      fc.pre(!collapsed.includes("\ufeff"));
      equal(tokenizer.decode(tokenizer.encodeSegment(collapsed, false)), collapsed);
    }));
  },
});

Deno.test({
  name: "encodeSegment() gives LUKE's known answers for bert-base-cased",
  ignore: noBert,
  fn: async () => {
    const tokenizer = await openTokenizer(bert);
    for (const prefixSpace of [true, false]) {
      deepEqual(pieces(tokenizer, "Studio Ousia", prefixSpace), ["Studio", "O", "##us", "##ia"]);
      deepEqual(pieces(tokenizer, " is cool.", prefixSpace), ["is", "cool", "."]);
    }
    deepEqual(
      [
        tokenizer.padId,
        tokenizer.unkId,
        tokenizer.clsId,
        tokenizer.sepId,
        tokenizer.maskId,
        tokenizer.vocabSize,
      ],
      [0, 100, 101, 102, 103, 28996],
    );
    equal(
      tokenizer.encodeSegment("a [MASK] [PAD] [CLS] [SEP]", false).some((id) =>
        [0, 101, 102, 103].includes(id)
      ),
      false,
    );
    deepEqual(pieces(tokenizer, `${"a".repeat(101)} b`, false), ["[UNK]", "b"]);
    ok(pieces(tokenizer, "a".repeat(100), false).length > 1);
    equal(tokenizer.decode(tokenizer.encodeSegment("Studio Ousia", false)), "Studio Ousia");
  },
});
