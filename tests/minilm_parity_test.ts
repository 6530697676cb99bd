/**
 * A real pretrained encoder against transformers (tests/peers/minilm.py): twenty sentences through tokenizer and network. Runs where
 * LUKEFORGE_MINILM names the directory of all-MiniLM-L6-v2.
 */
import assert from "node:assert/strict";
import {
  CpuDevice,
  type Device,
  isHead,
  loadModel,
  openDevice,
  openModel,
  readSafetensors,
} from "@lukeforge/model";
import { collate } from "@lukeforge/train";
import { openTokenizer } from "@lukeforge/vocab";
import { webgpuAvailable } from "../model/webgpu/request.ts";

const directory = Deno.env.get("LUKEFORGE_MINILM");

const BOUND = 1e-4;

/** The fixture has every eighth component. */
const EVERY = 8;

function fixture(file: string): string {
  return new URL(`./fixtures/${file}`, import.meta.url).pathname;
}

function difference(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (actual[i] ?? NaN))), 0);
}

const devices: readonly [string, boolean, () => Promise<Device>][] = [
  ["cpu", true, () => CpuDevice.create()],
  ["webgpu", await webgpuAvailable(), () => openDevice("webgpu")],
];

for (const [kind, available, open] of devices) {
  Deno.test({
    name: `all-MiniLM-L6-v2 on ${kind} has transformers' ids and hidden states of twenty sentences`,
    ignore: directory === undefined || !available,
    async fn() {
      if (directory === undefined) return;
      const { sentences }: { sentences: string[] } = JSON.parse(
        Deno.readTextFileSync(fixture("minilm.json")),
      );
      const expected = readSafetensors(fixture("minilm.safetensors"));
      const floats = (name: string): Float32Array =>
        Float32Array.from(expected.get(name)?.data ?? [], Number);
      const tokenizer = await openTokenizer(directory);
      const items = sentences.map((sentence) => ({
        wordIds: Int32Array.from(tokenizer.encodeText(sentence).ids),
        entities: [],
        maskedWordPositions: [],
        maskedWordLabels: [],
        maskedEntityIndices: [],
        maskedEntityLabels: [],
      }));
      assert.deepEqual(items.flatMap(({ wordIds }) => [...wordIds]), [...floats("input_ids")]);

      const batch = collate(items, tokenizer.padId);
      const device = await open();
      using model = openModel(directory);
      const { rows, words } = batch;
      const nothing = { entities: 0, mentionLength: 1, maskedWords: 0, maskedEntities: 0 };
      await using network = await loadModel(device, model, {
        capacities: [{ rows, words, ...nothing }],
        fresh: isHead,
      });
      const states = (await network.hiddenStates(batch)).words;
      const { hiddenSize } = network.config;
      const sampled: number[] = [], cls: number[] = [];
      items.forEach(({ wordIds }, row) => {
        for (let i = 0; i < wordIds.length * hiddenSize; i++) {
          const value = states[row * words * hiddenSize + i] ?? NaN;
          if (i % EVERY === 0) sampled.push(value);
          if (i < hiddenSize) cls.push(value);
        }
      });
      for (const [name, actual] of [["hidden_states", sampled], ["cls", cls]] as const) {
        const off = difference(Float32Array.from(actual), floats(name));
        assert.ok(off < BOUND, `${name} is off by ${off}`);
      }
      device.destroy();
    },
  });
}
