import assert from "node:assert/strict";
import { openDevice } from "@lukeforge/model";
import { embed, embedStream } from "./embed.ts";
import { fillMask } from "./fill_mask.ts";
import { InferenceModel } from "./inference_model.ts";
import { predictEntity } from "./predict_entity.ts";

const LUKE = new URL("../../tests/fixtures/inference/luke", import.meta.url).pathname;

Deno.test("an InferenceModel answers about many places and texts in their order", async (t) => {
  const device = await openDevice("cpu", { threads: 1, blas: "wasm" });
  const own = device.allocatedBytes;
  const model = await InferenceModel.open(LUKE, { device });

  await t.step("more masks than a batch takes", async () => {
    const [masks = []] = await fillMask(model, ["<mask>".repeat(20)], { targets: ["a"] });
    assert.equal(masks.length, 20);
    masks.forEach(([filled], i) => {
      const words = Array.from({ length: 20 }, (_, at) => at === i ? "a" : "<mask>");
      assert.equal(filled?.sequence, `<s>${words.join("")}</s>`);
    });
  });

  await t.step("more mentions than a batch takes", async () => {
    const text = "a city is a town ".repeat(3);
    const mentions = Array.from({ length: 40 }, (_, i) => ({ start: i, end: 50 - i % 7 }))
      .filter(({ start, end }) => end > start + 1);
    const found = await predictEntity(model, text, mentions, { topK: 1 });
    assert.deepEqual(found.map(({ start, end }) => ({ start, end })), mentions);
  });

  await t.step("texts of all lengths", async () => {
    const texts = Array.from({ length: 90 }, (_, i) => "a city ".repeat(i * 37 % 13));
    const together = await embed(model, texts);
    for (const i of [0, 1, 44, 89]) {
      const [alone] = await embed(model, [texts[i] ?? ""]);
      assert.deepEqual(together[i]?.tokens, alone?.tokens);
      together[i]?.embedding.forEach((value, at) =>
        assert.ok(Math.abs(value - (alone?.embedding[at] ?? NaN)) < 1e-5)
      );
    }
    assert.deepEqual(await embed(model, []), []);
  });

  await t.step("embedStream() reads only some texts ahead", async () => {
    let read = 0;
    const endless = (function* () {
      for (;;) {
        read++;
        yield "a city";
      }
    })();
    for await (const { tokens } of embedStream(model, endless)) {
      assert.ok(tokens.length > 2);
      break;
    }
    assert.equal(read, 512);
  });

  await model[Symbol.asyncDispose]();
  assert.equal(device.allocatedBytes, own);
  device.destroy();
});
