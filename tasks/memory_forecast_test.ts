import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { LUKE_SHAPES, PlanningDevice, withRows } from "@lukeforge/model";
import { bytesText, forecastMemory, type PlannedTraining } from "./memory_forecast.ts";
import { PLAIN_TRAINING } from "./network_plan.ts";

const { config, capacity } = LUKE_SHAPES.sample;
const MIB = 2 ** 20;

function planned(changes: Partial<PlannedTraining>): PlannedTraining {
  return {
    config,
    training: PLAIN_TRAINING,
    microBatchSize: 32,
    batchSize: 32,
    capacitiesOf: (rows) => [withRows(capacity, rows)],
    device: new PlanningDevice(),
    available: 1024 * MIB,
    ...changes,
  };
}

Deno.test("forecastMemory() tells where memory goes and how many items would fit", async () => {
  assert.match(
    await forecastMemory(planned({})),
    /^memory: [\d.]+ MiB \(activations [\d.]+, .*parameters [\d.]+.*\) of 1 GiB; micro-batches of 32 items, [\d,]+ would fit$/,
  );
  assert.match(await forecastMemory(planned({ available: undefined })), /is not known \(--device-memory\)$/);
});

Deno.test("forecastMemory() refuses what does not fit, with a micro-batch size or --recompute that does", async () => {
  await assert.rejects(() => forecastMemory(planned({ available: 10 * MIB })), (error) => {
    assert.ok(error instanceof UserError);
    const [, size] = /^--micro-batch-size 32: needs .*: give --micro-batch-size (\d+)/.exec(error.message) ??
      [];
    assert.ok([1, 2, 4, 8, 16].includes(Number(size)), error.message);
    return true;
  });
  const size = Number(
    await forecastMemory(planned({ available: 10 * MIB })).catch((error) =>
      /--micro-batch-size (\d+)(,|$)/.exec(error.message)?.[1]
    ),
  );
  assert.match(
    await forecastMemory(planned({ available: 10 * MIB, microBatchSize: size })),
    /would fit$/,
    "the remedy works",
  );

  await assert.rejects(
    () => forecastMemory(planned({ available: 10 * MIB })),
    (error) =>
      error instanceof Error && new Set(error.message.match(/--micro-batch-size \d+/g)).size > 1 &&
      !/--micro-batch-size (\d+), or give --recompute and --micro-batch-size \1$/.test(error.message),
    "recomputing is no remedy where it changes nothing",
  );

  const recompute = { ...PLAIN_TRAINING, recompute: true };
  const between = await bytesOf({ training: recompute });
  await assert.rejects(
    () => forecastMemory(planned({ available: between + MIB })),
    /, or give --recompute$/,
  );
  assert.match(
    await forecastMemory(planned({ available: between + MIB, training: recompute })),
    /would fit$/,
  );
  await assert.rejects(() => forecastMemory(planned({ available: MIB })), /make the network smaller/);
});

/** What the forecast says is needed, by asking for less and less. */
async function bytesOf(changes: Partial<PlannedTraining>): Promise<number> {
  const [, mebibytes] = /memory: ([\d.]+) MiB/.exec(await forecastMemory(planned(changes))) ?? [];
  return Number(mebibytes) * MIB;
}

Deno.test("bytesText() picks the unit", () => {
  assert.deepEqual([0, 1023, 1024, 1.5 * MIB, 80 * 2 ** 30].map(bytesText), [
    "0 B",
    "1,023 B",
    "1 KiB",
    "1.5 MiB",
    "80 GiB",
  ]);
});

Deno.test("forecastMemory() counts on no buffer that is larger than the device's", async () => {
  const device = new PlanningDevice(2 ** 32, MIB);
  for (const available of [1024 * MIB, undefined]) {
    const error = await forecastMemory(planned({ device, available })).catch((error) => error);
    assert.ok(error instanceof UserError, String(error));
    const [, size] = /more than the 1048576 of a buffer there .*: give --micro-batch-size (\d+)$/.exec(
      error.message,
    ) ?? [];
    assert.ok(size !== undefined && Number(size) < 32, error.message);
    await forecastMemory(planned({ device, available, microBatchSize: Number(size) }));
  }
});
