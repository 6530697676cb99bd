import assert from "node:assert/strict";
import { planLuke } from "../luke_footprint.ts";
import { TINY_CAPACITY, tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { buildShader } from "./shader.ts";

const OPTIMIZER = {
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0.01,
  biasCorrection: false,
  maxGradNorm: 1,
} as const;

/** The different shaders that a network with dropout needs for a step. */
async function texts(numHiddenLayers: number): Promise<Set<string>> {
  const { programs } = await planLuke({
    config: tinyLukeConfig({ numHiddenLayers, hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 }),
    capacity: TINY_CAPACITY,
    training: { gradientAccumulationSteps: 1, optimizer: OPTIMIZER },
  });
  const dispatches = [...programs].flatMap((program) => program.dispatches);
  return new Set(dispatches.map(({ kernel, sizes }) => buildShader(kernel, sizes)));
}

Deno.test("a LUKE step needs no more shaders for more layers: drivers take seconds to compile some", async () => {
  const [two, five] = [await texts(2), await texts(5)];
  assert.deepEqual([...five].filter((text) => !two.has(text)), []);
});
