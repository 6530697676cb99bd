/** Exported models in ONNX Runtime beside the networks they came from. */
import assert from "node:assert/strict";
import type { OnnxReport } from "./onnx_report.ts";

/** Runs the report without the lock file, which would otherwise make every user fetch ONNX Runtime. */
async function report(...args: string[]): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const script = new URL("./onnx_report.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--quiet", script, ...args],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test({
  name: "exportOnnx() in ONNX Runtime computes what the network and transformers do, whatever the batch",
  ignore: !(await report("--probe")).success,
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
