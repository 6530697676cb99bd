import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StubHub } from "../tasks/hub/testdata_stub_hub.ts";
import { run, TemporaryDirectory } from "./command_line.ts";

const BERT = fileURLToPath(new URL("./fixtures/hugging_face/bert", import.meta.url));

Deno.test("model-info prints facts and its exit code says whether checks hold", async (t) => {
  await t.step("a directory", async () => {
    const { code, stdout, errors } = await run(["model-info", BERT, "--check-values"]);
    assert.deepEqual([code, errors], [0, []]);
    assert.match(stdout, /BertForMaskedLM \(bert\)/);
    assert.match(stdout, /values +ok: 12,289, all finite/);
  });

  await t.step("a name on the hub, as JSON", async () => {
    await using hub = new StubHub();
    using directory = new TemporaryDirectory();
    const config = { ...JSON.parse(readFileSync(`${BERT}/config.json`, "utf8")), num_hidden_layers: 3 };
    hub.repository("somebody/bert").add("config.json", JSON.stringify(config))
      .add("model.safetensors", readFileSync(`${BERT}/model.safetensors`), true);
    const { code, stdout } = await run(["model-info", "somebody/bert", "--json"], {
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: directory.file("cache"),
    });
    assert.equal(code, 1);
    const facts = JSON.parse(stdout);
    assert.equal(facts.report.missing.length, 16);
    assert.deepEqual(facts.checks[0], {
      name: "tensors",
      ok: false,
      detail: "16 missing, 0 unexpected, 0 misshapen",
    });
  });

  await t.step("what is no model is one line", async () => {
    using directory = new TemporaryDirectory();
    const { code, stdout, errors } = await run(["model-info", directory.file(".")]);
    assert.deepEqual([code, stdout, errors.length], [1, "", 1]);
    assert.match(errors.join(), /there is no config\.json \(Hugging Face\) or metadata\.json \(LUKE\)/);
  });
});
