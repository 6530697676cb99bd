import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { STUB_COMMIT, STUB_TOKEN, StubHub } from "../tasks/hub/testdata_stub_hub.ts";
import { run, TemporaryDirectory, TINY } from "./command_line.ts";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789.,"];
const VOCAB = [
  "[PAD]",
  "[UNK]",
  "[CLS]",
  "[SEP]",
  "[MASK]",
  ...LETTERS,
  ...LETTERS.map((letter) => `##${letter}`),
];

Deno.test("pretrain and build-wikipedia-pretraining-dataset take a tokenizer of the model hub by name", async (t) => {
  await using hub = new StubHub();
  using directory = new TemporaryDirectory();
  hub.repository("somebody/letters").add("vocab.txt", VOCAB.join("\n") + "\n").add(
    "model.safetensors",
    "weights",
    true,
  )
    .private = true;
  const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: directory.file("cache"), HF_TOKEN: STUB_TOKEN };
  const output = directory.file("run");
  const args = ["pretrain", "--output-dir", output, ...TINY, "--max-steps", "2", "--held-out-fraction", "0"];

  await t.step("pretrain downloads it once, says so, and records the commit", async () => {
    const { code, stdout, errors } = await run([...args, "--tokenizer", "somebody/letters"], env);
    assert.equal(code, 0, errors.join("\n"));
    assert.match(stdout, /^somebody\/letters: [\d.]+ MB of commit 0123456789abcdef\w+ \(/m);
    assert.match(stdout, /^tokenizer: 81 tokens of somebody\/letters/m);
    assert.ok(!stdout.includes(STUB_TOKEN));
    const config = JSON.parse(readFileSync(directory.file("run", "config.json"), "utf8"));
    assert.deepEqual(config.repositories, { "somebody/letters": STUB_COMMIT });
    assert.equal(config.settings.tokenizer, "somebody/letters");
    assert.equal(config.settings.revision, null);
    assert.ok(!hub.requests.some(({ host }) => host === "cdn"), "a tokenizer needs no weights");
  });

  await t.step(
    "build-wikipedia-pretraining-dataset takes it from the cache when the hub is away",
    async () => {
      const { code, stdout, errors } = await run([
        "build-wikipedia-pretraining-dataset",
        directory.file("run", "pages.db"),
        "somebody/letters",
        directory.file("run", "entity_vocab.jsonl"),
        directory.file("dataset"),
      ], { ...env, HF_HUB_OFFLINE: "1" });
      assert.equal(code, 0, errors.join("\n"));
      assert.match(stdout, /^dataset: /m);
    },
  );

  await t.step("an unknown name is one line", async () => {
    const name = "somebody/nothing";
    const { code, errors } = await run([...args.with(2, directory.file("other")), "--tokenizer", name], env);
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(
      errors[0] ?? "",
      /somebody\/nothing: no such file or directory, and no such repository at 127/,
    );
  });
});
