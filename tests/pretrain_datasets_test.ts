import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readMetrics } from "@lukeforge/train";
import { digests, run, runAndSignal, runHere, TemporaryDirectory, TINY } from "./command_line.ts";
import { assertSameRun } from "./same_run.ts";

const WEIGHTS = "model/model.safetensors";
const SHAPE = TINY.slice(4); // without the options of the corpus

Deno.test("pretrain on datasets built before", async (t) => {
  using directory = new TemporaryDirectory();
  const made = await runHere(["pretrain", "--output-dir", directory.file("made"), ...TINY]);
  assert.deepEqual(made.errors, []);
  const dataset = directory.file("made", "dataset"), heldOut = directory.file("made", "held_out");
  const pretrain = (name: string, ...args: string[]): string[] => [
    ...[
      "pretrain",
      "--output-dir",
      directory.file(name),
      "--held-out-dataset-dir",
      heldOut,
      ...SHAPE,
      ...args,
    ],
  ];
  const weights = (name: string): string | undefined => digests(directory.file(name)).get(WEIGHTS);
  const settings = (name: string): Record<string, unknown> => {
    const { input, settings } = JSON.parse(readFileSync(directory.file(name, "config.json"), "utf8"));
    return { ...input, ...settings };
  };

  await t.step("several are sampled by size, the same whatever the number of threads", async () => {
    const both = ["--dataset-dir", `${dataset},${heldOut}`, "--micro-batch-size", "4", "--group-by-length"];
    const one = await runHere(pretrain("none", ...both, "--data-workers", "0"));
    assert.deepEqual(one.errors, []);
    assert.match(
      one.lines.join("\n"),
      /^2 datasets: \S+dataset [\d,]+ items, 8\d\.\d % of the draws; \S+held_out \d+ items, 1\d\.\d %/m,
    );
    assert.match(one.lines.join("\n"), /^pretraining: .*waited \d+\.\d % for data, \d+ % real tokens \(/m);
    assert.deepEqual(settings("none").dataset_dir, [dataset, heldOut]);
    assert.equal(settings("none").sampling_smoothing, 0.7);
    const threads = ["--dataset-dir", dataset, "--dataset-dir", heldOut, "--data-workers", "2"];
    const two = await runHere(pretrain("two", ...both.slice(2), ...threads, "--data-prefetch", "2"));
    assert.deepEqual(two.errors, []);
    assert.equal(weights("two"), weights("none"));
    const other = await runHere(pretrain("other", ...both, "--sampling-smoothing", "0"));
    assert.match(other.lines.join("\n"), /50\.0 % of the draws; .* 50\.0 %/);
    assert.notEqual(weights("other"), weights("none"));
    const again = await runHere(pretrain("none", ...both, "--sampling-smoothing", "1"));
    assert.match(again.errors.join("\n"), /with --sampling-smoothing 0\.7, not --sampling-smoothing 1;/);
  });

  await t.step("words alone train, resume and become a BertForMaskedLM", async () => {
    const both = ["--dataset-dir", dataset, "--dataset-dir", heldOut, "--group-by-length"];
    const args = [...both, "--word-only-training", "--data-workers", "1"];
    const whole = await runHere(pretrain("words", ...args));
    assert.deepEqual(whole.errors, []);
    assert.match(whole.lines.join("\n"), /^held-out masked-word loss +\d/m);
    assert.doesNotMatch(whole.lines.join("\n"), /^held-out masked-entity accuracy/m);
    const config = JSON.parse(readFileSync(directory.file("words", "model", "config.json"), "utf8"));
    assert.deepEqual(config.architectures, ["BertForMaskedLM"]);
    const isTime = (): boolean => existsSync(directory.file("killed", "checkpoints", "step-10"));
    const { signalled } = await runAndSignal(pretrain("killed", ...args), "SIGKILL", isTime);
    assert.ok(signalled, "ended before it could be killed");
    const resumed = await run(pretrain("killed", ...args));
    assert.equal(resumed.code, 0, resumed.errors.join("\n"));
    assertSameRun(directory.file("killed"), directory.file("words"));
    const { lines, errors } = await runHere([
      "convert-model",
      directory.file("words"),
      directory.file("copy"),
    ]);
    assert.deepEqual(errors, []);
    assert.match(lines.join("\n"), /: BertForMaskedLM, /);
  });

  await t.step("packed rows hold the same items with less padding", async () => {
    const large = ["--dataset-dir", dataset, "--batch-size", "32"];
    const plain = await runHere(pretrain("plain", ...large));
    const packed = await runHere(pretrain("packed", ...large, "--pack", "--pack-length", "64"));
    assert.deepEqual(packed.errors, []);
    const share = ({ lines }: typeof packed): number =>
      Number(/real tokens of all places +(\d+\.\d) %/.exec(lines.join("\n"))?.[1]);
    assert.ok(share(packed) > share(plain), `${share(packed)} %, ${share(plain)} % without`);
    const tokens = (name: string): number[] =>
      readMetrics(directory.file(name, "metrics.jsonl")).map(({ masked_lm_loss }) => masked_lm_loss ?? NaN);
    const [first = NaN] = tokens("packed"), [expected = NaN] = tokens("plain");
    assert.ok(Math.abs(first - expected) < 0.05, "dropout alone differs");
    const isTime = (): boolean => existsSync(directory.file("packed-killed", "checkpoints", "step-10"));
    const args = pretrain("packed-killed", ...large, "--pack", "--pack-length", "64", "--data-workers", "1");
    const { signalled } = await runAndSignal(args, "SIGKILL", isTime);
    assert.ok(signalled, "ended before it could be killed");
    const resumed = await run(args);
    assert.equal(resumed.code, 0, resumed.errors.join("\n"));
    assertSameRun(directory.file("packed-killed"), directory.file("packed"));
    const short = ["--dataset-dir", dataset, "--pack", "--pack-length", "5", "--max-steps", "1"];
    const { lines } = await runHere(pretrain("short-rows", ...short));
    assert.match(lines.join("\n"), /^--pack-length 5: rows have \d\d words, those of the longest item$/m);
    const both = await runHere(pretrain("both", "--dataset-dir", dataset, "--pack", "--group-by-length"));
    assert.match(both.errors.join("\n"), /^--pack and --group-by-length: exclude each other/);
  });

  await t.step("words alone are masked as Hugging Face's collator does", async () => {
    const args = ["--dataset-dir", dataset, "--masking", "huggingface"];
    const { lines, errors } = await runHere(pretrain("hugging-face", ...args, "--word-only-training"));
    assert.deepEqual(errors, []);
    assert.match(lines.join("\n"), /^held-out masked-word loss +\d/m);
    assert.notEqual(weights("hugging-face"), weights("words"));
    const refused = await runHere(pretrain("hugging-face-luke", ...args));
    assert.match(refused.errors.join("\n"), /^--masking huggingface: masks words only/);
    const dump = await runHere([
      "pretrain",
      "--output-dir",
      directory.file("dump"),
      "--masking",
      "huggingface",
    ]);
    assert.match(dump.errors.join("\n"), /^--masking huggingface: masks words only/);
    assert.deepEqual(dump.lines, [], "before the first stage");
  });

  await t.step("an objective that is dropped leaves the other", async () => {
    const words = await runHere(pretrain("no-words", "--dataset-dir", dataset, "--masked-lm-prob", "0"));
    assert.match(words.lines.join("\n"), /loss: words –, entities \d/);
    assert.match(
      words.lines.join("\n"),
      /^evaluation: 0 masked words.*\n(?:.*\n)*held-out masked-entity accuracy +\d/m,
    );
    const entities = await runHere(
      pretrain("no-entities", "--dataset-dir", dataset, "--masked-entity-prob", "0"),
    );
    assert.match(entities.lines.join("\n"), /loss: words \d.*, entities –/);
    assert.doesNotMatch(entities.lines.join("\n"), /^held-out masked-entity accuracy/m);
    const none = ["--masked-lm-prob", "0", "--masked-entity-prob", "0"];
    const { errors } = await runHere(pretrain("nothing", "--dataset-dir", dataset, ...none));
    assert.match(
      errors.join("\n"),
      /^--masked-lm-prob 0 and --masked-entity-prob 0: leaves nothing to learn/,
    );
  });

  await t.step("a damaged shard is told in one line, from a thread too", async () => {
    const path = directory.file("made", "dataset", "shard-00000.bin");
    const bytes = readFileSync(path);
    for (let place = 50; place < bytes.length; place += 100) bytes[place] = (bytes[place] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    for (const workers of ["0", "2"]) {
      const args = ["--dataset-dir", dataset, "--data-workers", workers];
      const { code, errors } = await runHere(pretrain(`damaged-${workers}`, ...args));
      assert.equal(code, 1);
      assert.equal(errors.length, 1);
      assert.match(errors[0] ?? "", /shard-00000\.bin, item \d+ .*damaged/);
    }
  });
});
