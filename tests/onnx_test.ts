/** Exported models in ONNX Runtime beside the networks they came from. */
import assert from "node:assert/strict";
import { run, TemporaryDirectory } from "./command_line.ts";
import type { OnnxReport } from "./onnx_report.ts";

const LUKE = new URL("./fixtures/hugging_face/luke", import.meta.url).pathname;

/** Runs the report without the lock file, which would otherwise make every user fetch ONNX Runtime. */
async function report(...args: string[]): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const script = new URL("./onnx_report.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--quiet", script, ...args],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

const isThere = (await report("--probe")).success;

Deno.test({
  name: "exportOnnx() in ONNX Runtime computes what the network and transformers do, whatever the batch",
  ignore: !isThere,
  async fn(t) {
    const { success, stdout, stderr } = await report();
    assert.ok(success, stderr);
    const { networks, transformers }: OnnxReport = JSON.parse(stdout);
    assert.equal(Object.keys(transformers).length, 7);
    for (const [witness, cases] of Object.entries({ network: networks, transformers })) {
      for (const [name, differences] of Object.entries(cases)) {
        await t.step(`${name} beside ${witness}`, () => {
          const isOfWords = name.endsWith("bert") || name.endsWith("roberta");
          assert.deepEqual(
            differences.map(({ output }) => output),
            isOfWords
              ? ["last_hidden_state", "logits"]
              : ["last_hidden_state", "entity_last_hidden_state", "logits", "entity_logits"],
          );
          for (const { output, maxAbsDifference, maxAbs } of differences) {
            assert.ok(maxAbs > 0.1, `${output} is at most ${maxAbs}`);
            // Half a unit in the last place of f16 is 2⁻¹¹ of a value; there are two layers.
            const bound = name.startsWith("f16") ? 2 ** -7 * Math.max(maxAbs, 1) : 1e-5;
            assert.equal(typeof maxAbsDifference, "number"); // JSON makes null of NaN
            assert.ok(maxAbsDifference <= bound, `${output} is ${maxAbsDifference} away`);
          }
        });
      }
    }
  },
});

Deno.test({
  name: "export-onnx --verify tells file, interface and difference, and leaves deno.lock as it is",
  ignore: !isThere,
  async fn() {
    using directory = new TemporaryDirectory();
    const output = directory.file("luke");
    const lock = new URL("../deno.lock", import.meta.url);
    const before = await Deno.readTextFile(lock);
    const { code, stdout, errors } = await run(["export-onnx", LUKE, output, "--verify", "--dtype", "f16"]);
    assert.equal(code, 0, errors.join("\n"));
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /luke\/onnx\/model_fp16\.onnx: fill-mask, 0\.0\d+ MB \(/);
    assert.deepEqual(lines.slice(1, 3), [
      "inputs: input_ids, attention_mask, entity_ids, entity_attention_mask, entity_position_ids",
      "outputs: logits, entity_logits",
    ]);
    assert.match(lines[3] ?? "", /^logits: at most \d\.\de-\d from the network's, whose values go to \d/);
    assert.match(lines[4] ?? "", /^entity_logits: at most \d\.\de-\d from/);
    assert.equal(await Deno.readTextFile(lock), before);
  },
});

Deno.test("export-onnx names what a user can mend", async () => {
  using directory = new TemporaryDirectory();
  const mistakes: readonly [args: string[], message: RegExp][] = [
    [
      [directory.file("nothing"), directory.file("out")],
      /nothing: no such file or directory; check the path/,
    ],
    [[LUKE, directory.file("out"), "--opset", "16"], /give one of 17, 18, 19, 20, 21, 22/],
    [[LUKE, directory.file("out"), "--task", "summarization"], /give one of feature-extraction, fill-mask/],
  ];
  for (const [args, message] of mistakes) {
    const { code, errors } = await run(["export-onnx", ...args]);
    assert.equal(code, 1);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", message);
  }
});
