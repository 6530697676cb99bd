import type { Device } from "../../device.ts";
import { capacityOf, type Size } from "../../kernel.ts";
import { PlanBuilder } from "../../plan.ts";
import { fillZero } from "../accumulate/accumulate.ts";
import { chunkLogits, type Decoder } from "./linear_cross_entropy.ts";
import { type ChunkLimits, vocabularyChunks } from "./vocabulary_chunks.ts";

/**
 * All logits [rows, vocabulary] of `states` [rows, width] on the host. The device holds those of as many rows at a time as
 * `limits.logitBytes` allows, at least one.
 */
export async function decodeLogits(
  device: Device,
  states: Float32Array,
  decoder: Decoder,
  limits: ChunkLimits,
): Promise<Float32Array> {
  const width = decoder.table.columns;
  const vocabulary = capacityOf(decoder.table.rows);
  const rows = states.length / width;
  const all = new Float32Array(rows * vocabulary);
  if (rows === 0) return all;
  const capacity = Math.max(1, Math.min(rows, Math.floor(limits.logitBytes / (4 * vocabulary))));
  const live: Size = { scalar: "rows", times: 1, capacity };
  const plan = new PlanBuilder(false, fillZero);
  const input = plan.input("states", live, width, "f32");
  const outputs = vocabularyChunks(vocabulary, width, capacity, { ...limits, logitBytes: Infinity })
    .map((chunk) => {
      const logits = plan.output(`logits from ${chunk.first} on`, live, chunk.count);
      chunkLogits(plan, input, decoder, chunk, logits);
      return { ...chunk, logits };
    });
  using compiled = await plan.compile(device);
  for (let row = 0; row < rows; row += capacity) {
    const count = Math.min(capacity, rows - row);
    compiled.write(input, states.subarray(row * width, (row + count) * width));
    await compiled.run({ rows: count });
    for (const { first, count: columns, logits } of outputs) {
      const values = await compiled.read(logits, count * columns);
      if (!(values instanceof Float32Array)) throw new TypeError(`${logits.name} is not f32`);
      for (let i = 0; i < count; i++) {
        all.set(values.subarray(i * columns, (i + 1) * columns), (row + i) * vocabulary + first);
      }
    }
  }
  return all;
}
