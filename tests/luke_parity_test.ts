/** A tiny LUKE against numbers made by PyTorch (tests/peers/tiny_luke.py): losses, every gradient, ten AdamW steps. */
import assert from "node:assert/strict";
import {
  CpuDevice,
  type Device,
  type LukeBatch,
  type LukeConfig,
  LukeNetwork,
  openDevice,
  readSafetensors,
  ReferenceDevice,
} from "@lukeforge/model";
import { webgpuAvailable } from "../model/webgpu/request.ts";

type Fixture = ReturnType<typeof readSafetensors>;

const adamw = {
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0.01,
  biasCorrection: false,
  maxGradNorm: 1,
} as const;

function path(file: string): string {
  return new URL(`./fixtures/${file}`, import.meta.url).pathname;
}

function configOf(name: string): LukeConfig {
  const { config, position_type: type } = JSON.parse(Deno.readTextFileSync(path(`${name}.json`)));
  return {
    baseModelType: type,
    vocabSize: config.vocab_size,
    entityVocabSize: config.entity_vocab_size,
    hiddenSize: config.hidden_size,
    entityEmbSize: config.entity_emb_size,
    numHiddenLayers: config.num_hidden_layers,
    numAttentionHeads: config.num_attention_heads,
    intermediateSize: config.intermediate_size,
    maxPositionEmbeddings: config.max_position_embeddings,
    typeVocabSize: config.type_vocab_size,
    layerNormEps: config.layer_norm_eps,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
    initializerRange: 0.02,
    padTokenId: config.pad_token_id,
    useEntityAwareAttention: config.use_entity_aware_attention,
    tieWordEmbeddings: true,
  };
}

function integers(fixture: Fixture, name: string): Int32Array {
  const data = fixture.get(name)?.data ?? new Int32Array();
  assert.ok(data instanceof Int32Array);
  return data;
}

function floats(fixture: Fixture, name: string): Float32Array {
  const data = fixture.get(name)?.data;
  assert.ok(data instanceof Float32Array, `${name} is not in the fixture`);
  return data;
}

/** The batch stored under `prefix`; its masked places come from `masks` where those differ. */
function batchOf(fixture: Fixture, prefix = "", masks = prefix): LukeBatch {
  const [rows = 0, words = 0] = fixture.get(`${prefix}word_ids`)?.shape ?? [];
  const [, entities = 0, mentionLength = 0] = fixture.get(`${prefix}entity_position_ids`)?.shape ?? [];
  const get = (name: string): Int32Array => integers(fixture, name);
  return {
    rows,
    words,
    entities,
    mentionLength,
    wordIds: get(`${prefix}word_ids`),
    wordAttentionMask: get(`${prefix}word_attention_mask`),
    entityIds: get(`${prefix}entity_ids`),
    entityAttentionMask: get(`${prefix}entity_attention_mask`),
    entityPositionIds: get(`${prefix}entity_position_ids`),
    maskedWordPositions: get(`${masks}masked_word_positions`),
    maskedWordLabels: get(`${masks}masked_word_labels`),
    maskedEntityPositions: get(`${masks}masked_entity_positions`),
    maskedEntityLabels: get(`${masks}masked_entity_labels`),
  };
}

function group(fixture: Fixture, prefix: string): Map<string, Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const name of fixture.keys()) {
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), floats(fixture, name));
  }
  return found;
}

function norm(x: Float32Array): number {
  return Math.hypot(...x);
}

/** ‖a − b‖ / max(‖b‖, 1e-4 · the largest tensor's norm) for each tensor of `expected`. */
function assertClose(
  actual: ReadonlyMap<string, Float32Array>,
  expected: ReadonlyMap<string, Float32Array>,
  bound: number,
): void {
  const largest = Math.max(...[...expected.values()].map(norm));
  for (const [name, b] of expected) {
    const a = actual.get(name);
    assert.ok(a && a.length === b.length, `${name} is missing`);
    const error = norm(a.map((value, i) => value - (b[i] ?? NaN))) / Math.max(norm(b), 1e-4 * largest);
    assert.ok(error < bound, `${name}: relative difference ${error}`);
  }
}

const devices: [string, number, boolean, () => Promise<Device>][] = [
  ["reference in f64", 2e-7, true, () => Promise.resolve(new ReferenceDevice("f64"))],
  ["cpu", 1e-4, true, () => CpuDevice.create({ threads: 2 })],
  ["webgpu", 1e-3, await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, bound, available, open] of devices) {
  for (const name of ["tiny_luke", "tiny_luke_bert", "tiny_luke_entity_aware"]) {
    Deno.test({
      name: `${name} on ${kind} agrees with PyTorch: losses, gradients, ten AdamW steps`,
      ignore: !available,
      async fn(t) {
        const fixture = readSafetensors(path(`${name}.safetensors`));
        const config = configOf(name);
        const batch = batchOf(fixture);
        const device = await open();
        const ownBytes = device.allocatedBytes; // such as the workers' scratch memory
        // Wider than the batch, so that padding is exercised, too.
        const capacity = {
          rows: 4,
          words: 11,
          entities: 5,
          mentionLength: 6,
          maskedWords: 7,
          maskedEntities: 4,
        };
        const at = (step: number, microStep = 0) => ({ seed: 1, step, microStep });
        const network = await LukeNetwork.create(device, config, {
          capacities: [capacity],
          training: { gradientAccumulationSteps: 1, optimizer: adamw },
        });
        network.writeParameters(group(fixture, "param."));

        await t.step("hidden states, logits, losses", async () => {
          const { words, entities } = await network.hiddenStates(batch);
          const both = new Float32Array(batch.rows * (batch.words + batch.entities) * config.hiddenSize);
          for (let row = 0; row < batch.rows; row++) {
            const [w, e] = [batch.words * config.hiddenSize, batch.entities * config.hiddenSize];
            both.set(words.subarray(row * w, (row + 1) * w), row * (w + e));
            both.set(entities.subarray(row * e, (row + 1) * e), row * (w + e) + w);
          }
          const logits = new Map([
            ["sequence_output", both],
            ["lm_logits", await network.wordLogits(batch)],
            ["entity_logits", await network.entityLogits(batch)],
          ]);
          for (const [output, values] of logits) {
            assertClose(new Map([[output, values]]), new Map([[output, floats(fixture, output)]]), bound);
          }
          await network.readMetrics();
          await network.evaluate(batch);
          const { word, entity } = await network.readMetrics();
          assert.equal(word.count, batch.maskedWordLabels.length);
          assertClose(
            new Map([["losses", Float32Array.of(word.sumOfMeans, entity.sumOfMeans)]]),
            new Map([[
              "losses",
              Float32Array.of(
                floats(fixture, "masked_lm_loss")[0] ?? NaN,
                floats(fixture, "masked_entity_loss")[0] ?? NaN,
              ),
            ]]),
            bound,
          );
        });

        await t.step("the gradient of every parameter", async () => {
          await network.accumulate(batch, at(0));
          const expected = group(fixture, "grad.");
          assert.deepEqual([...network.parameterShapes.keys()].sort(), [...expected.keys()].sort());
          assertClose(await network.readGradients(), expected, bound);
        });

        await t.step("ten AdamW steps", async () => {
          const norms: number[] = [];
          const losses: number[] = [];
          await network.readMetrics();
          for (let step = 0; step < 10; step++) {
            await network.accumulate(batch, at(step));
            await network.update(floats(fixture, "adamw.lr")[step] ?? NaN);
            const metrics = await network.readMetrics();
            losses.push(metrics.word.sumOfMeans + metrics.entity.sumOfMeans);
            norms.push(metrics.gradNorm);
          }
          const curves = new Map([["loss", Float32Array.from(losses)], ["norm", Float32Array.from(norms)]]);
          assertClose(
            curves,
            new Map([["loss", floats(fixture, "adamw.loss")], ["norm", floats(fixture, "adamw.grad_norm")]]),
            bound,
          );
          assertClose(await network.readParameters(), group(fixture, "final."), bound);
        });
        await network[Symbol.asyncDispose]();

        await t.step("two accumulated micro-steps", async () => {
          const accumulating = await LukeNetwork.create(device, config, {
            capacities: [capacity],
            training: { gradientAccumulationSteps: 2, optimizer: adamw },
          });
          accumulating.writeParameters(group(fixture, "param."));
          await accumulating.accumulate(batch, at(0, 0));
          await accumulating.accumulate(batchOf(fixture, "", "second."), at(0, 1));
          assertClose(await accumulating.readGradients(), group(fixture, "accumulated.grad."), bound);

          // Attended padding, a mention without positions, no masked entity; new gradients replace the old.
          const edge = batchOf(fixture, "edge.");
          await accumulating.accumulate(edge, at(1, 0));
          const gradients = await accumulating.readGradients();
          for (const [parameter, expected] of group(fixture, "edge.grad.")) {
            const doubled = gradients.get(parameter)?.map((value) => value * 2) ?? new Float32Array();
            assertClose(new Map([[parameter, doubled]]), new Map([[parameter, expected]]), bound);
          }
          assert.ok(gradients.get("entity_predictions.bias")?.every((value) => value === 0));
          await accumulating[Symbol.asyncDispose]();
          assert.equal(device.allocatedBytes, ownBytes, "all but what a device keeps for itself is freed");
        });
        device.destroy();
      },
    });
  }
}
