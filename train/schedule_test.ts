import assert from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { learningRateSchedule, warmupConstant, warmupLinear } from "./schedule.ts";

Deno.test("warmupLinear() rises from 0 to the peak and falls to 0 at the last step", () => {
  const schedule = warmupLinear({ learningRate: 8, warmupSteps: 4, totalSteps: 12 });
  assert.deepEqual(
    Array.from({ length: 14 }, (_, step) => schedule(step)),
    [0, 2, 4, 6, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0],
  );
});

Deno.test("warmupLinear() begins at the peak without a warm-up and is finite when the warm-up is the whole run", () => {
  assert.deepEqual([0, 1, 2].map(warmupLinear({ learningRate: 1, warmupSteps: 0, totalSteps: 2 })), [
    1,
    0.5,
    0,
  ]);
  assert.deepEqual([0, 1, 2].map(warmupLinear({ learningRate: 1, warmupSteps: 2, totalSteps: 2 })), [
    0,
    0.5,
    0,
  ]);
});

Deno.test("warmupLinear() has LUKE's own values: peak 5e-4, 2500 of 98168 steps", () => {
  const schedule = warmupLinear({ learningRate: 5e-4, warmupSteps: 2500, totalSteps: 98168 });
  assert.equal(schedule(0), 0);
  assert.equal(schedule(1), 5e-4 / 2500);
  assert.equal(schedule(2500), 5e-4);
  assert.equal(schedule(98167), 5e-4 * (1 / 95668));
});

Deno.test("warmupConstant() stays at the peak", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map(warmupConstant({ learningRate: 4, warmupSteps: 2 })), [0, 2, 4, 4, 4]);
});

Deno.test("learningRateSchedule() refuses unknown names and a warm-up as long as the run", () => {
  const options = { learningRate: 1, warmupSteps: 2, totalSteps: 4 };
  assert.equal(learningRateSchedule("warmup_linear", options)(3), 0.5);
  assert.equal(learningRateSchedule("warmup_constant", options)(3), 1);
  assert.equal(learningRateSchedule("constant", options)(0), 1);
  assert.throws(() => learningRateSchedule("cosine", options), UserError);
  assert.throws(() => learningRateSchedule("warmup_linear", { ...options, warmupSteps: 4 }), UserError);
});
