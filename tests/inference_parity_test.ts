/** Filled masks, entities of mentions and embeddings against transformers' (tests/peers/inference.py). */
import assert from "node:assert/strict";
import { type Device, openDevice } from "@lukeforge/model";
import { embed, fillMask, InferenceModel, pipelineOutput, predictEntity } from "@lukeforge/tasks";
import { webgpuAvailable } from "../model/webgpu/request.ts";

const FIXTURES = new URL("./fixtures/inference/", import.meta.url).pathname;

interface Filled {
  readonly score: number;
  readonly token: number;
  readonly token_str: string;
  readonly sequence: string;
}

interface Answers {
  readonly fill_mask: readonly {
    readonly texts: readonly string[];
    readonly input_ids: readonly (readonly number[])[];
    readonly top_k?: number;
    readonly targets?: readonly string[];
    readonly output: unknown;
  }[];
  readonly embed: {
    readonly texts: readonly string[];
    readonly mean: readonly (readonly number[])[];
    readonly cls: readonly (readonly number[])[];
    readonly none: readonly (readonly number[])[];
  };
  readonly predict_entity?: readonly {
    readonly text: string;
    readonly spans: readonly (readonly [number, number])[];
    readonly entities?: readonly string[];
    readonly input_ids: readonly number[];
    readonly scores: readonly (readonly number[])[];
    readonly entity_states: readonly (readonly number[])[];
    readonly word_mean: readonly number[];
  }[];
}

const expected: Readonly<Record<string, Answers>> = JSON.parse(
  Deno.readTextFileSync(`${FIXTURES}expected.json`),
);

function assertClose(
  actual: ArrayLike<number>,
  wanted: readonly number[],
  bound: number,
  what: string,
): void {
  assert.equal(actual.length, wanted.length, what);
  wanted.forEach((value, i) => {
    const difference = Math.abs((actual[i] ?? NaN) - value);
    assert.ok(difference <= bound, `${what}[${i}]: ${actual[i]} for ${value}`);
  });
}

/** All but scores is equal; scores within the bound. */
function assertFilled(actual: unknown, wanted: unknown, bound: number): void {
  const isFilled = (value: unknown): value is Filled => typeof value === "object" && !Array.isArray(value);
  if (isFilled(actual) && isFilled(wanted)) {
    assert.deepEqual(Object.keys(actual), Object.keys(wanted));
    assert.deepEqual({ ...actual, score: 0 }, { ...wanted, score: 0 });
    assertClose([actual.score], [wanted.score], bound, actual.sequence);
    return;
  }
  assert.ok(Array.isArray(actual) && Array.isArray(wanted));
  assert.equal(actual.length, wanted.length);
  actual.forEach((one, i) => assertFilled(one, wanted[i], bound));
}

const devices: readonly [string, number, boolean, () => Promise<Device>][] = [
  ["cpu", 1e-5, true, () => openDevice("cpu", { threads: 2, blas: "wasm" })],
  ["webgpu", 1e-3, await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, bound, available, open] of devices) {
  for (const name of ["luke", "mluke", "bert", "xlm-roberta"]) {
    Deno.test({
      name: `${name} on ${kind} answers as transformers does`,
      ignore: !available,
      async fn(t) {
        const answers = expected[name];
        assert.ok(answers);
        const device = await open();
        const model = await InferenceModel.open(`${FIXTURES}${name}`, { device });

        for (const { texts, input_ids: ids, top_k: topK, targets, output } of answers.fill_mask) {
          await t.step(`fillMask() of ${JSON.stringify(texts)}`, async () => {
            assert.deepEqual(texts.map((text) => model.tokenizer.encodeText(text).ids), ids);
            const options = { ...(topK && { topK }), ...(targets && { targets }) };
            assertFilled(pipelineOutput(await fillMask(model, texts, options)), output, bound);
          });
        }
        await t.step("embed() of texts", async () => {
          const { texts } = answers.embed;
          for (const pooling of ["mean", "cls"] as const) {
            const found = await embed(model, texts, { pooling });
            found.forEach(({ embedding }, i) =>
              assertClose(embedding, answers.embed[pooling][i] ?? [], bound, pooling)
            );
          }
          const [, , states] = await embed(model, texts, { pooling: "none" });
          assertClose(states?.embedding ?? [], answers.embed.none.flat(), bound, "none");
        });
        for (const asked of answers.predict_entity ?? []) {
          const { text, spans, entities } = asked;
          const prefix = model.entityVocab.languages.size > 1 ? "en:" : "";
          const mentions = spans.map(([start, end], i) => {
            const entity = entities?.[i];
            if (entity === undefined) return { start, end };
            return { start, end, entity: entity === "Nowhere" ? "[UNK]" : `${prefix}${entity}` };
          });
          await t.step(`embed() of ${JSON.stringify(text)} with mentions`, async () => {
            const [found] = await embed(model, [{ text, mentions }]);
            assert.deepEqual([...found?.tokens ?? []], asked.input_ids);
            asked.entity_states.forEach((states, i) =>
              assertClose(found?.entities[i] ?? [], states, bound, `entity ${i}`)
            );
            assertClose(found?.embedding ?? [], asked.word_mean, bound, "mean");
          });
          if (entities !== undefined) continue;
          await t.step(`predictEntity() of ${JSON.stringify(text)}`, async () => {
            const found = await predictEntity(model, text, mentions, { topK: 99, specials: true });
            found.forEach((one, i) => {
              const byId = one.entities.toSorted((a, b) => a.entity - b.entity).map(({ score }) => score);
              assertClose(byId, asked.scores[i] ?? [], bound, `mention ${i}`);
            });
          });
        }
        await model[Symbol.asyncDispose]();
        device.destroy();
      },
    });
  }
}
