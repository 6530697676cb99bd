import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { STUB_COMMIT, STUB_TOKEN, StubHub } from "../tasks/hub/testdata_stub_hub.ts";
import { run, runAndSignal, TemporaryDirectory, TINY } from "./command_line.ts";

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

Deno.test("upload shows what it would do, is killed while it sends, and continues", async (t) => {
  await using hub = new StubHub();
  using directory = new TemporaryDirectory();
  const model = directory.file("model");
  const fixture = new URL("fixtures/hugging_face/roberta/", import.meta.url);
  mkdirSync(model);
  for (const name of ["config.json", "model.safetensors"]) {
    copyFileSync(new URL(name, fixture), directory.file("model", name));
  }
  copyFileSync(new URL("model.safetensors", fixture), directory.file("model", "pytorch_model.bin"));
  truncateSync(directory.file("model", "pytorch_model.bin"), 20_000); // another large file; the other one is opened
  writeFileSync(directory.file("model", "README.md"), "---\nlicense: mit\n---\n");
  mkdirSync(directory.file("model", "checkpoints"));
  const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: STUB_TOKEN };
  const args = ["upload", model, "somebody/tiny", "--create"];
  const sent = (): string[] =>
    hub.requests.splice(0).filter(({ method, host }) => method === "PUT" && host === "cdn").map(({ path }) =>
      path
    );

  await t.step("the dry run names every file and needs no token", async () => {
    const { code, stdout, errors } = await run(args, { HF_ENDPOINT: hub.endpoint });
    assert.equal(code, 0, errors.join("\n"));
    assert.deepEqual(
      stdout.replaceAll(model, "model").replaceAll(hub.endpoint, "https://hub").trimEnd().split("\n"),
      [
        "model -> https://hub/somebody/tiny, branch main: a new repository",
        "      21 B  README.md          new",
        "     667 B  config.json        new",
        "   53.9 kB  model.safetensors  new, LFS",
        "     20 kB  pytorch_model.bin  new, LFS",
        "  left out: checkpoints (state of a training; --training-state takes it along)",
        "4 of 4 files to send: 74.6 kB, 73.9 kB of them in LFS",
        "dry run: nothing was sent; --no-dry-run sends it",
      ],
    );
    assert.equal(hub.repositories.size, 0);
  });

  await t.step("a killed upload has sent one large file; the next one sends the other", async () => {
    const last = createHash("sha256").update(readFileSync(directory.file("model", "pytorch_model.bin")))
      .digest("hex");
    hub.fail(new RegExp(`PUT cdn /upload/${last}`), { stallAfter: 0 });
    const killed = await runAndSignal(
      [...args, "--no-dry-run"],
      "SIGKILL",
      () =>
        hub.uploads.objects.size === 1 && hub.requests.some(({ path }) => path.includes(`/upload/${last}`)),
      env,
    );
    assert.ok(killed.signalled);
    assert.equal(sent().length, 2);
    const { code, stdout, errors } = await run([...args, "--no-dry-run"], env);
    assert.equal(code, 0, errors.join("\n"));
    assert.match(stdout, /^sent: http:.*\/somebody\/tiny\/commit\/[0-9a-f]{40} /m);
    const paths = sent();
    assert.equal(paths.length, 1);
    assert.match(paths[0] ?? "", new RegExp(last));
    assert.equal(hub.repositories.get("somebody/tiny")?.files.size, 4);
    for (const text of [killed.stdout, ...killed.errors, stdout, ...errors]) {
      assert.ok(!text.includes(STUB_TOKEN));
    }
  });

  await t.step("then there is nothing to send", async () => {
    const { code, stdout } = await run([...args, "--no-dry-run"], env);
    assert.equal(code, 0);
    assert.match(stdout, /^nothing to send: all files are there already$/m);
  });
});

Deno.test("a model named on the command line is downloaded; after a kill the rest of it", async () => {
  await using hub = new StubHub();
  using directory = new TemporaryDirectory();
  const fixture = new URL("fixtures/hugging_face/roberta/", import.meta.url);
  const weights = new Uint8Array(readFileSync(new URL("model.safetensors", fixture)));
  hub.repository("somebody/tiny").add(
    "config.json",
    new Uint8Array(readFileSync(new URL("config.json", fixture))),
  )
    .add("model.safetensors", weights, true);
  const env = { HF_ENDPOINT: hub.endpoint };
  const args = ["model-info", "somebody/tiny", "--cache-dir", directory.path];
  const blobs = directory.file("models--somebody--tiny", "blobs");
  const partial = join(blobs, `${createHash("sha256").update(weights).digest("hex")}.incomplete`);
  hub.fail(/GET cdn/, { stallAfter: 30_000 });
  const isTime = (): boolean => (statSync(partial, { throwIfNoEntry: false })?.size ?? 0) === 30_000;
  assert.ok((await runAndSignal(args, "SIGKILL", isTime, env)).signalled);
  const { code, stdout, errors } = await run(args, env);
  assert.equal(code, 0, [stdout, ...errors].join("\n"));
  assert.match(stdout, /^somebody\/tiny: [\d.]+ MB of commit [0-9a-f]{40} /m);
  assert.equal(hub.requests.findLast(({ host }) => host === "cdn")?.range, "bytes=30000-");
  assert.deepEqual(readdirSync(blobs).filter((name) => name.endsWith(".incomplete")), []);
});
