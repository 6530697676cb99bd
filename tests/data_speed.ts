/**
 * How fast one thread prepares batches beside how fast a device trains on them: `deno run -A tests/data_speed.ts [DEVICE] [SHAPE …]`.
 * Fails where the device trains on more than a tenth of the words that the thread prepares.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DEVICE_KINDS,
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  type LukeBatch,
  LukeNetwork,
  type LukeShapeName,
  openDevice,
} from "@lukeforge/model";
import { batchCapacity, ConcatenatedDatasets, openPretrainingSource } from "@lukeforge/train";
import { PLAIN_TRAINING } from "../tasks/network_plan.ts";
import { quantity } from "../tasks/progress.ts";
import { dataOfShape } from "./data_of_shape.ts";

const SECONDS = 5;
const LEAST_RATIO = 10;
const ITEMS = { sample: 5000, small: 2000, base: 500, large: 500 } as const;

function attendedWords({ wordAttentionMask }: LukeBatch): number {
  return wordAttentionMask.reduce((sum, item) => sum + (item > 0 ? 1 : 0), 0);
}

/** Words per second of some work with a batch each, after a warm-up. */
async function speed(work: (step: number) => LukeBatch | Promise<LukeBatch>): Promise<number> {
  let words = 0, step = 0;
  for (; step < 2; step++) await work(step);
  const begun = performance.now();
  while (performance.now() - begun < 1000 * SECONDS) words += attendedWords(await work(step++));
  return words / (performance.now() - begun) * 1000;
}

const [kind = "auto", ...names] = Deno.args;
const device = await openDevice(DEVICE_KINDS.find((known) => known === kind) ?? "auto");
const shapes = names.length > 0
  ? LUKE_SHAPE_NAMES.filter((name) => names.includes(name))
  : ["sample", "base"] as const;
const directory = mkdtempSync(join(tmpdir(), "data-speed-"));
const slow: LukeShapeName[] = [];
try {
  console.log(device.description);
  for (const name of shapes) {
    const { config, capacity: { rows } } = LUKE_SHAPES[name];
    const materials = dataOfShape(join(directory, name), LUKE_SHAPES[name], [ITEMS[name]], rows);
    using source = openPretrainingSource(materials);
    const prepared = await speed((step) => source.microBatch(step, 0));
    using data = ConcatenatedDatasets.open(materials.directories);
    await using network = await LukeNetwork.create(device, config, {
      capacities: [batchCapacity(data, rows)],
      training: PLAIN_TRAINING,
    });
    network.initialize(1);
    const trained = await speed(async (step) => {
      const batch = source.microBatch(step, 0);
      await network.accumulate(batch, { seed: 1, step, microStep: 0 });
      await network.update(1e-4);
      if (step % 4 === 1) await network.readMetrics(); // waits for a GPU
      return batch;
    });
    const ratio = prepared / trained;
    console.log(
      `${name}: a thread prepares ${quantity(prepared)} words a second, training takes ${
        quantity(trained)
      }: ` +
        `${ratio.toFixed(1)} times as many`,
    );
    if (ratio < LEAST_RATIO) slow.push(name);
  }
} finally {
  device.destroy();
  rmSync(directory, { recursive: true });
}
if (slow.length > 0) {
  console.log(
    `less than ${LEAST_RATIO} times as many: ${slow.join(", ")}; pretrain needs --data-workers there`,
  );
  Deno.exit(1);
}
