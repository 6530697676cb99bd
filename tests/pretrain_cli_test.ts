import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DumpDB } from "@lukeforge/corpus";
import { digests, run, runHere, TemporaryDirectory, TINY } from "./command_line.ts";

Deno.test("pretrain takes the sample through every stage; a second run does nothing, other options are refused", async (t) => {
  using directory = new TemporaryDirectory();
  const output = directory.file("run");
  const args = ["pretrain", "--output-dir", output, ...TINY];

  await t.step("every stage leaves its output and a line", async () => {
    const { code, stdout, errors } = await run(args);
    assert.equal(code, 0, errors.join("\n"));
    assert.deepEqual(errors, []);
    assert.deepEqual(readdirSync(output).sort(), [
      "checkpoints",
      "config.json",
      "dataset",
      "entity_vocab.jsonl",
      "held_out",
      "metrics.jsonl",
      "model",
      "network.json",
      "pages.db",
      "predictions.txt",
      "results.json",
      "stages.jsonl",
      "tokenizer",
    ]);
    for (
      const stage of [
        "page database",
        "tokenizer",
        "entity vocabulary",
        "dataset",
        "held-out dataset",
        "pretraining",
        "Hugging Face model",
        "evaluation",
      ]
    ) {
      assert.match(stdout, new RegExp(`^${stage}: .*\\(.*s\\)$`, "m"));
    }
    assert.match(stdout, /^held-out masked-word loss +\d/m);
    assert.match(stdout, /^ {2}of the unigram baseline +\d/m);
    assert.equal(stdout.match(/→/g)?.length, 8);
  });

  await t.step("results.json and config.json tell what came of what", () => {
    const results = JSON.parse(readFileSync(directory.file("run", "results.json"), "utf8"));
    const numbers = [
      "masked_lm_loss",
      "unigram_loss",
      "masked_entity_accuracy",
      "most_frequent_entity_accuracy",
      "tokens_per_second",
      "parameters",
      "seconds",
    ];
    for (const key of numbers) assert.ok(Number.isFinite(results[key]), key);
    assert.match(results.device, /cpu/);
    const config = JSON.parse(readFileSync(directory.file("run", "config.json"), "utf8"));
    assert.equal(config.settings.hidden_size, 16);
    assert.equal(config.settings.micro_batch_size, 8);
    assert.equal(config.settings.masked_lm_prob, 0.15);
    assert.equal(config.device.kind, "cpu");
    assert.equal(config.deno, Deno.version.deno);
    assert.ok(config.input.dump_size > 100_000);
    const lines = readFileSync(directory.file("run", "metrics.jsonl"), "utf8").trim().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).step), [4, 8, 12, 16, 20, 24]);
  });

  const before = digests(output);
  await t.step("the same command again prints the table and changes nothing", async () => {
    const { code, lines } = await runHere(args);
    assert.equal(code, undefined);
    assert.match(lines.join("\n"), /finished already\nheld-out masked-word loss/);
    assert.deepEqual(digests(output), before);
  });

  await t.step("luke-plan --run prints the plan of the run", async () => {
    const { code, lines } = await runHere(["luke-plan", "--run", output, "--summary"]);
    assert.equal(code, undefined);
    assert.match(lines.join("\n"), /1 layers? of 16 .*\nmicro-batch: 8 items/);
    assert.match(lines.join("\n"), /^ +\d+ × +adamw/m);
  });

  await t.step("threads are no other option", async () => {
    assert.equal((await runHere([...args.slice(0, -1), "1"])).code, undefined);
  });

  await t.step("other options are refused by name, with both values", async () => {
    const { code, stdout, errors } = await run([...args, "--hidden-size", "32"]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /--hidden-size 16, not --hidden-size 32; .*--output-dir/);
    assert.deepEqual(digests(output), before);
  });

  await t.step(
    "a dataset built before trains on its own, by upstream's positional arguments, too",
    async () => {
      const dataset = directory.file("run", "dataset"), heldOut = directory.file("run", "held_out");
      const shape = TINY.slice(4);
      const again = directory.file("again");
      const first = await runHere(["pretrain", dataset, again, "--held-out-dataset-dir", heldOut, ...shape]);
      assert.equal(first.code, undefined, first.errors.join("\n"));
      const weights = "model/model.safetensors";
      assert.equal(digests(again).get(weights), before.get(weights));
      const second = await runHere(["pretrain", "--dataset-dir", dataset, "--output-dir", again, ...shape]);
      assert.equal(second.code, 1);
      assert.match(second.errors.join(), /--held-out-dataset-dir/);
      assert.ok(!existsSync(directory.file("again", "pages.db")));

      const config = JSON.parse(readFileSync(join(again, "config.json"), "utf8"));
      config.settings.device = "auto";
      config.device = { kind: "webgpu", description: "Some GPU", choices: {} };
      writeFileSync(join(again, "config.json"), JSON.stringify(config));
      rmSync(join(again, "results.json"));
      const third = await run(
        ["pretrain", dataset, again, "--held-out-dataset-dir", heldOut, ...shape.slice(0, -4)],
        { VK_DRIVER_FILES: "/nonexistent" },
      );
      assert.equal(third.code, 1);
      assert.match(
        third.errors.join(),
        /again: was begun on Some GPU: no WebGPU adapter: install .*driver; or give another --output-dir$/,
      );
    },
  );
});

Deno.test("pretrain lets a corpus option be mended while nothing was made with it, and says what to remove afterwards", async () => {
  using directory = new TemporaryDirectory();
  const start = (...args: string[]): ReturnType<typeof runHere> =>
    runHere(["pretrain", "--output-dir", directory.file("run"), "--include-tables", ...TINY, ...args]);
  const first = await start("--held-out-fraction", "0.000001");
  assert.equal(first.code, 1);
  assert.match(
    first.errors.join(),
    /^--held-out-fraction 0\.000001: takes none of the 145 pages; give another share, or 0/,
  );
  const pages = directory.file("run", "pages.db");
  const made = digests(directory.file("run")).get("pages.db");
  const second = await start("--vocab-size", "20");
  assert.match(second.errors.join(), /vocab size 20/);
  const third = await start("--held-out-fraction", "0");
  assert.equal(third.code, undefined, third.errors.join());
  assert.ok(existsSync(pages));
  assert.equal(digests(directory.file("run")).get("pages.db"), made);
  const fourth = await start("--held-out-fraction", "0", "--min-count", "2");
  assert.match(
    fourth.errors.join(),
    /--min-count 1, not .* 2; .* remove entity_vocab\.jsonl, dataset, checkpoints, model, results/,
  );
  using db = DumpDB.open(pages);
  assert.deepEqual(JSON.parse(db.meta["options"] ?? ""), { includeTables: true });
  const fifth = await start("--held-out-fraction", "0", "--template-texts", directory.file("texts"));
  assert.match(fifth.errors.join(), /not --template-texts .*texts; .* remove pages\.db, tokenizer/);
});

Deno.test("pretrain without one of the two objectives evaluates the other alone", async (t) => {
  using directory = new TemporaryDirectory();
  for (
    const [off, measured, missing] of [
      ["--masked-lm-prob", "masked_entity_accuracy", "masked_lm_loss"],
      ["--masked-entity-prob", "masked_lm_loss", "masked_entity_accuracy"],
    ] as const
  ) {
    await t.step(`${off} 0`, async () => {
      const { code, lines, errors } = await runHere([
        ...["pretrain", "--output-dir", directory.file(off)],
        ...[...TINY, off, "0"],
      ]);
      assert.equal(code, undefined, errors.join("\n"));
      assert.equal(lines.join("\n").match(/→/g)?.length, 4);
      const results = JSON.parse(readFileSync(directory.file(off, "results.json"), "utf8"));
      assert.ok(Number.isFinite(results[measured]));
      assert.equal(results[missing], null);
    });
  }
});

Deno.test("pretrain refuses held-out data that its network cannot read", async () => {
  using directory = new TemporaryDirectory();
  const make = async (...args: string[]): Promise<void> =>
    assert.equal((await runHere(args)).code, undefined, args.join(" "));
  const pages = directory.file("pages.db"), tokenizer = directory.file("tokenizer");
  const sample = fileURLToPath(new URL("../corpus/sample/encyclopedia.xml", import.meta.url));
  await make("build-dump-db", sample, pages);
  await make("train-tokenizer", pages, tokenizer, "--vocab-size", "400");
  for (
    const [name, entities, words] of [["a", "50", "32"], ["long", "50", "64"], ["other", "60", "32"]] as const
  ) {
    const vocab = directory.file(`${name}.jsonl`);
    await make("build-entity-vocab", pages, vocab, "--vocab-size", entities);
    const build = ["build-wikipedia-pretraining-dataset", pages, tokenizer, vocab, directory.file(name)];
    await make(...build, "--max-seq-length", words);
  }
  for (
    const [name, expected] of [["long", /long: .*--max-seq-length 32/], [
      "other",
      /other.entity_vocab\.jsonl: /,
    ]] as const
  ) {
    const held = ["--held-out-dataset-dir", directory.file(name)];
    const begin = ["pretrain", directory.file("a"), directory.file("run"), "--device", "cpu"];
    const { code, errors } = await runHere([...begin, ...held]);
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", expected);
    assert.ok(!existsSync(directory.file("run")));
  }
});
