/** Runs that start from a pretrained model: what is taken, what is new, and what is refused. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { elementCount, openWeights } from "@lukeforge/model";
import { EntityVocab } from "@lukeforge/vocab";
import { run, runHere, TemporaryDirectory, TINY } from "./command_line.ts";

/** A run of one step that changes nothing, so that its checkpoint is what it started from. */
const STILL = [
  ...["--max-steps", "1", "--learning-rate", "0", "--held-out-fraction", "0", "--batch-size", "4"],
  ...["--device", "cpu", "--threads", "2"],
];

const BERT = new URL("./fixtures/inference/bert", import.meta.url).pathname;

function weightsOf(path: string): Map<string, Float32Array> {
  using weights = openWeights(path);
  return new Map(
    [...weights.tensors].map(([name, tensor]) => [name, tensor.readFloats(0, elementCount(tensor.shape))]),
  );
}

function isOfEntities(name: string): boolean {
  return /entity_(embeddings|predictions)/.test(name);
}

Deno.test("pretrain starts from a LUKE, entities by title, and from its words alone", async (t) => {
  using directory = new TemporaryDirectory();
  const first = directory.file("first");
  const begin = async (...args: string[]): Promise<string[]> => {
    const { code, errors, stdout } = await run(["pretrain", ...args]);
    assert.equal(code, 0, errors.join("\n"));
    return (stdout + errors.join("\n")).split("\n");
  };
  // Positions that count as RoBERTa do are not moved by the export.
  await begin("--output-dir", first, ...TINY, "--max-steps", "3", "--model-type", "roberta");
  const model = `${first}/model`;
  const trained = weightsOf(`${first}/checkpoints/step-3`);

  await t.step("--model-file takes words, and entities by title", async () => {
    const output = directory.file("from-luke");
    const lines = await begin("--model-file", model, "--output-dir", output, ...STILL);
    assert.ok(
      lines.some((line) => /^starting model: .*first\/model \(luke\): /.test(line)),
      lines.join("\n"),
    );
    const taken = weightsOf(`${output}/checkpoints/step-1`);
    const table = "luke.entity_embeddings.entity_embeddings.weight";
    const [before, after] = [`${first}/entity_vocab.jsonl`, `${output}/entity_vocab.jsonl`]
      .map((path) => EntityVocab.load(path));
    assert.ok(before && after && after.size >= before.size);
    for (const [name, values] of trained) {
      const now = taken.get(name);
      assert.ok(now, name);
      if (name !== table && name !== "entity_predictions.bias") {
        // Words may have got rows behind their own: <ent>, <ent2>.
        assert.deepEqual(now.subarray(0, values.length), values, name);
        continue;
      }
      const width = values.length / before.size;
      for (const { id, entities: [[title = ""] = []] } of before.entries()) {
        const row = after.getId(title) ?? -1;
        assert.deepEqual(
          now.subarray(row * width, (row + 1) * width),
          values.subarray(id * width, (id + 1) * width),
          `${name}: ${title}`,
        );
      }
    }
  });

  await t.step(
    "--model-file takes an archive with the entities in it; its tokenizer has to be named",
    async () => {
      const archive = directory.file("luke.tar"), output = directory.file("from-archive");
      const packed = await run([
        "create-model-archive",
        first,
        archive,
        "--bert-model-name",
        "bert-base-cased",
      ]);
      assert.equal(packed.code, 0, packed.errors.join("\n"));
      const args = ["--model-file", archive, "--output-dir", output, ...STILL];
      const refused = await run(["pretrain", ...args]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.errors.join("\n"),
        /luke\.tar: .* holds no .*; name the model's tokenizer by --tokenizer$/m,
      );
      rmSync(output, { recursive: true, force: true });
      await begin(...args, "--tokenizer", `${first}/tokenizer`);
      const taken = weightsOf(`${output}/checkpoints/step-1`);
      for (const [name, values] of trained) {
        // The layout has it as BERT, whose first position has no padding row before it.
        if (!name.includes("position_embeddings")) assert.deepEqual(taken.get(name), values, name);
      }
    },
  );

  await t.step(
    "--bert-model-name takes words alone, and what was killed begins again from them",
    async () => {
      const output = directory.file("from-words");
      const args = ["--bert-model-name", model, "--entity-emb-size", "8", "--output-dir", output, ...STILL];
      await begin(...args);
      const taken = weightsOf(`${output}/checkpoints/step-1`);
      for (const [name, values] of trained) {
        const now = taken.get(name)?.subarray(0, values.length);
        if (!isOfEntities(name)) assert.deepEqual(now, values, name);
        else if (/table|dense\.weight|position/.test(name)) assert.notDeepEqual(now, values, name);
      }
      for (const made of ["checkpoints", "model", "results.json"]) {
        rmSync(`${output}/${made}`, { recursive: true, force: true });
      }
      await begin(...args);
      const again = weightsOf(`${output}/checkpoints/step-1`);
      assert.deepEqual(again, taken);
    },
  );

  await t.step("a finished run does not need its model any more", async () => {
    const moved = directory.file("moved"), output = directory.file("from-moved");
    cpSync(model, moved, { recursive: true });
    const args = ["--bert-model-name", moved, "--entity-emb-size", "8", "--output-dir", output, ...STILL];
    await begin(...args);
    rmSync(moved, { recursive: true });
    assert.match((await begin(...args)).join("\n"), /finished already/);
  });

  await t.step("what cannot go together is refused", async () => {
    const output = directory.file("refused");
    const larger = directory.file("larger");
    cpSync(model, larger, { recursive: true });
    const known = JSON.parse(readFileSync(`${larger}/entity_vocab.json`, "utf8"));
    const size = Object.keys(known).length;
    writeFileSync(`${larger}/entity_vocab.json`, JSON.stringify({ ...known, "en:Nobody": size }));
    const cases: readonly (readonly [args: readonly string[], expected: RegExp])[] = [
      [["--bert-model-name", model, "--hidden-size", "8"], /--hidden-size: is settled by --bert-model-name/],
      [["--model-file", model, "--entity-emb-size", "4"], /--entity-emb-size: is settled by --model-file/],
      [["--resume-hf-checkpoint-file", "x.bin"], /holds weights alone; .*--bert-model-name/],
      [
        ["--bert-model-name", model, "--resume-hf-checkpoint-file", BERT],
        /^--resume-hf-checkpoint-file \S+: the weights are not those of the configuration: \d+ missing/,
      ],
      [["--bert-model-name", model, "--max-seq-length", "500"], /word positions, .*--max-seq-length/],
      [["--bert-model-name", directory.file("none")], /none: no such file/],
      [
        ["--model-file", larger],
        /larger: has 61 entities, its vocabulary 62; use the vocabulary that belongs/,
      ],
    ];
    for (const [args, expected] of cases) {
      rmSync(output, { recursive: true, force: true });
      const begin = ["pretrain", "--output-dir", output, "--device", "cpu"];
      const { code, errors } = await runHere([...begin, ...args]);
      assert.equal(code, 1, args.join(" "));
      assert.match(errors.join("\n"), expected);
    }
  });
});
