/**
 * Draws many micro-batches of two data sets from some step on, in this thread and in two others, with groups by length and packed, and
 * fails when the process grows: `deno run -A tests/many_batches.ts [BATCHES] [STEP]`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LUKE_SHAPES } from "@lukeforge/model";
import {
  type BatchMaterials,
  BatchWorkers,
  openPretrainingSource,
  type TrainingSource,
} from "@lukeforge/train";
import { residentBytes } from "../tasks/resident_memory.ts";
import { countArgument } from "./count_argument.ts";
import { dataOfShape } from "./data_of_shape.ts";

const MAX_GROWTH_MB = 32;
const batches = countArgument(0, "BATCHES", 100, 100_000);
const firstStep = countArgument(1, "STEP", 0, 0);

/** Draws the batches. The growth is that of their second half: in the first the heaps of all threads get their size. */
async function draw(name: string, source: TrainingSource): Promise<void> {
  const begun = performance.now();
  let words = 0;
  const upTo = async (from: number, to: number): Promise<void> => {
    for (let step = from; step < to; step++) {
      words += (await source.microBatch(firstStep + step, 0)).wordIds.length;
    }
  };
  const warm = Math.ceil(batches / 2);
  await upTo(0, warm);
  const before = residentBytes();
  await upTo(warm, batches);
  const growth = (residentBytes() - before) / 1e6;
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${name}: ${batches} micro-batches from step ${firstStep} on in ${seconds.toFixed(1)} s, ` +
      `${
        (words / seconds / 1e6).toFixed(2)
      } million places a second, in the second half the process grew by ${growth.toFixed(1)} MB`,
  );
  if (growth > MAX_GROWTH_MB) throw new Error(`${name}: the process grew by ${growth} MB`);
}

const directory = mkdtempSync(join(tmpdir(), "many-batches-"));
try {
  const shape = LUKE_SHAPES.sample;
  const plain = dataOfShape(directory, shape, [20_000, 500], 32);
  const withRecipe = (recipe: Partial<BatchMaterials["recipe"]>): BatchMaterials => ({
    ...plain,
    recipe: { ...plain.recipe, ...recipe },
  });
  const { words, entities } = shape.capacity;
  for (
    const [name, materials] of [
      ["plain", plain],
      ["groups by length", withRecipe({ groupByLength: true })],
      ["packed", withRecipe({ pack: { words: 2 * words, entities: 2 * entities } })],
    ] as const
  ) {
    using source = openPretrainingSource(materials);
    await draw(name, source);
  }
  await using threads = new BatchWorkers(20_500, plain, { workers: 2 });
  await draw("two threads", threads);
} finally {
  rmSync(directory, { recursive: true });
}
