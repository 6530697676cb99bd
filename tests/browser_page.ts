/**
 * What browser_test.ts runs: training of a tiny LUKE on any device, and in a browser every kernel too. Bundled for the web, so it
 * imports no more of the engine than runs there.
 */
import { type Device, type LukeConfig, LukeNetwork, openWebGPU, ReferenceDevice } from "@lukeforge/model/web";
import { type OpCase, testRandom } from "../model/ops/testdata_generators.ts";
import { opCases } from "../model/ops/testdata_op_cases.ts";
import { relativeDifference, runOpCase } from "../model/ops/testdata_run_op_case.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "../model/testdata_tiny_luke.ts";

/** What two steps of training give. */
export interface TrainingReport {
  /** Summed word and entity losses of each micro-step, then of an evaluation. */
  readonly losses: readonly number[];
  /** Global gradient norm of each update. */
  readonly gradNorms: readonly number[];
  /** All parameters after the last update. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

/** What a browser's WebGPU made of the engine. */
export interface BrowserReport {
  /** The adapter's name for people. */
  readonly adapter: string;
  /** Kernels that were run against the oracle. */
  readonly kernels: readonly string[];
  /** Op cases that were refused, failed or differ from the oracle: kernel, shape and reason. */
  readonly offences: readonly string[];
  /** Training there. */
  readonly training: TrainingReport;
}

/** A network whose matrices fill the tiles of matrix products here (hidden states) and do not there (heads). */
export const CONFIG: LukeConfig = tinyLukeConfig({
  hiddenSize: 64,
  intermediateSize: 64,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
});

/** A browser without a GPU compiles for a software adapter. */
const browserCases: readonly OpCase[] = opCases.filter(({ dear }) => !dear);

/** Two steps of two micro-steps each, and an evaluation, from parameters that are the same everywhere. */
export async function train(device: Device): Promise<TrainingReport> {
  const network = await LukeNetwork.create(device, CONFIG, {
    capacities: [TINY_CAPACITY],
    training: {
      gradientAccumulationSteps: 2,
      optimizer: {
        betas: [0.9, 0.98],
        eps: 1e-6,
        weightDecay: 0.01,
        biasCorrection: true,
        maxGradNorm: 1,
      },
    },
  });
  const random = testRandom(11);
  const values = [...network.parameterShapes].map(([name, shape]): [string, Float32Array] => {
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, Float32Array.from({ length }, () => 0.3 * random())];
  });
  network.writeParameters(new Map(values));
  const losses: number[] = [];
  const gradNorms: number[] = [];
  const readLosses = async (): Promise<void> => {
    const { word, entity } = await network.readMetrics();
    losses.push(word.lossSum, entity.lossSum);
  };
  for (let step = 0; step < 2; step++) {
    for (let microStep = 0; microStep < 2; microStep++) {
      const batch = tinyLukeBatch(CONFIG, 2 * step + microStep);
      await network.accumulate(batch, { seed: 5, step, microStep });
      await readLosses();
    }
    await network.update(0.01);
    gradNorms.push((await network.readMetrics()).gradNorm);
  }
  await network.evaluate(tinyLukeBatch(CONFIG, 9));
  await readLosses();
  const parameters = [...await network.readParameters()].map(([name, value]) => [name, [...value]]);
  await network[Symbol.asyncDispose]();
  return { losses, gradNorms, parameters: Object.fromEntries(parameters) };
}

/** Runs everything on the browser's adapter. Throws an Error when there is none. */
export async function report(): Promise<BrowserReport> {
  const device = await openWebGPU();
  if (!device) throw new Error("this browser has no WebGPU adapter");
  const offences = await opOffences(device, browserCases);
  const training = await train(device);
  device.destroy();
  const kernels = [...new Set(browserCases.map(({ kernel }) => kernel.name))];
  return { adapter: device.description, kernels, offences, training };
}

/** What is wrong with each case that a device fails or answers unlike the oracle. */
export async function opOffences(device: Device, cases: readonly OpCase[]): Promise<string[]> {
  const oracle = new ReferenceDevice("f64");
  const offences: string[] = [];
  for (const op of cases) {
    const place = `${op.kernel.name} ${op.shape}`;
    try {
      const [actual, expected] = [await runOpCase(device, op), await runOpCase(oracle, op)];
      actual.forEach((output, i) => {
        const error = relativeDifference(output, expected[i] ?? new Float32Array());
        // Not below: NaN is an offence.
        if (!(error < (op.tolerance ?? 2e-5))) {
          offences.push(`${place}, output ${i}: relative difference ${error}`);
        }
      });
    } catch (error) {
      offences.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return offences;
}
