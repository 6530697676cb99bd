/** What onnx_test.ts runs in a process of its own, without the lock file: prints differences between exported models and networks. */
import { join } from "node:path";
import { writeFileAtomic } from "@lukeforge/corpus";
import {
  exportOnnx,
  type LukeConfig,
  LukeNetwork,
  type ModelType,
  ONNX_TASKS,
  openDevice,
  openModel,
  readSafetensors,
  type SafetensorsTensor,
  type StoredTensor,
} from "@lukeforge/model";
import { testRandom } from "../model/ops/testdata_generators.ts";
import { tinyLukeConfig } from "../model/testdata_tiny_luke.ts";
import { exportOnnxDirectory } from "../tasks/onnx/export_directory.ts";
import { loadOnnxRuntime, type OnnxRuntime, type OnnxTensor } from "../tasks/onnx/onnx_runtime.ts";
import { type OnnxDifference, VERIFIED_CAPACITY, verifyOnnx } from "../tasks/onnx/verify_onnx.ts";

/** Differences by name of a case. */
export interface OnnxReport {
  /** From networks of random parameters. */
  readonly networks: Record<string, readonly OnnxDifference[]>;
  /** From what transformers computed with the models in fixtures/hugging_face. */
  readonly transformers: Record<string, readonly OnnxDifference[]>;
}

const bert = {
  baseModelType: "bert",
  entityVocabSize: 0,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  padTokenId: 0,
} as const;
const entityAware = { useEntityAwareAttention: true, entityEmbSize: 8, typeVocabSize: 2 } as const;

/** Every kind of network; each option of the exporter with one of them. */
const CASES: readonly [
  name: string,
  type: ModelType,
  Partial<LukeConfig>,
  Partial<Parameters<typeof exportOnnx>[1]>,
][] = [
  ["luke", "luke", {}, {}],
  ["luke of BERT", "luke", { ...bert, entityVocabSize: 11 }, {}],
  ["luke with entity-aware attention", "luke", entityAware, {}],
  ["luke with a decoder of its own", "luke", { tieWordEmbeddings: false }, {}],
  ["bert", "bert", bert, {}],
  ["roberta", "roberta", { entityVocabSize: 0 }, {}],
  ["xlm-roberta", "xlm-roberta", { entityVocabSize: 0 }, {}],
  ["several types of roberta", "roberta", { entityVocabSize: 0, typeVocabSize: 2 }, {}],
  ["nine positions of bert", "bert", { ...bert, maxPositionEmbeddings: 9 }, {}],
  ["opset 20", "luke", entityAware, { opset: 20 }],
  ["opset 22", "luke", {}, { opset: 22 }],
  ["external data", "luke", {}, { externalData: true }],
  ["f16", "luke", {}, { dtype: "f16" }],
  ["f16 with entity-aware attention", "luke", entityAware, { dtype: "f16", externalData: true }],
];

if (import.meta.main) {
  const runtime = await loadOnnxRuntime();
  if (Deno.args.includes("--probe")) Deno.exit();
  const directory = await Deno.makeTempDir();
  try {
    const report: OnnxReport = {
      networks: await besideNetworks(runtime, directory),
      transformers: await besideTransformers(runtime, directory),
    };
    console.log(JSON.stringify(report));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function besideNetworks(runtime: OnnxRuntime, directory: string): Promise<OnnxReport["networks"]> {
  const device = await openDevice("cpu", { threads: 1 });
  const found: OnnxReport["networks"] = {};
  for (const [name, modelType, changes, options] of CASES) {
    const config = tinyLukeConfig({ numHiddenLayers: 2, ...changes });
    await using network = await LukeNetwork.create(device, config, { capacities: [VERIFIED_CAPACITY] });
    network.initialize(1);
    network.writeParameters(perturbed(await network.readParameters()));
    const tensors = stored(await network.readParameters(), network.parameterShapes);
    const differences: OnnxDifference[] = [];
    for (const task of ONNX_TASKS) {
      const dataFile = `${task}.onnx_data`;
      const { model, data } = exportOnnx({ modelType, config, tensors }, { task, dataFile, ...options });
      const path = join(directory, `${task}.onnx`);
      if (data) writeFileAtomic(join(directory, dataFile), data.chunks());
      writeFileAtomic(path, model.chunks());
      differences.push(...await verifyOnnx(runtime, path, network));
    }
    found[name] = differences;
  }
  device.destroy();
  return found;
}

/** transformers' inputs under their own names, its outputs at every place that is no padding. */
async function besideTransformers(
  runtime: OnnxRuntime,
  directory: string,
): Promise<OnnxReport["transformers"]> {
  const fixtures = new URL("./fixtures/hugging_face/", import.meta.url);
  const found: OnnxReport["transformers"] = {};
  for (const { name } of Deno.readDirSync(fixtures)) {
    const expected = readSafetensors(new URL(`${name}/expected.safetensors`, fixtures).pathname);
    const layers = [...expected.keys()].filter((key) => key.startsWith("hidden_states.")).length;
    const differences: OnnxDifference[] = [];
    for (const task of ONNX_TASKS) {
      using model = openModel(new URL(`${name}/`, fixtures).pathname);
      const { path } = exportOnnxDirectory(model, join(directory, name, task), { task });
      const session = await runtime.InferenceSession.create(path);
      const inputs = session.inputNames.map((input): [string, OnnxTensor] => {
        const { data, shape } = tensorOf(expected, input);
        return [input, new runtime.Tensor("int64", BigInt64Array.from(data, BigInt), shape)];
      });
      const outputs = await session.run(Object.fromEntries(inputs));
      for (const output of session.outputNames) {
        const key = output.replace("last_hidden_state", `hidden_states.${layers - 1}`);
        const { data, shape } = tensorOf(expected, key);
        const mask = tensorOf(
          expected,
          output.startsWith("entity_") ? "entity_attention_mask" : "attention_mask",
        );
        const { data: actual, dims } = outputs[output] ?? { data: new Float32Array(), dims: [] };
        const width = shape.at(-1) ?? 0;
        const isSame = shape.join() === dims.join();
        let [maxAbsDifference, maxAbs] = [isSame ? 0 : Number.MAX_VALUE, 0];
        for (const [i, element] of data.entries()) {
          const value = Number(element);
          if (mask.data[Math.floor(i / width)] !== 1) continue;
          maxAbs = Math.max(maxAbs, Math.abs(value));
          maxAbsDifference = Math.max(maxAbsDifference, Math.abs(value - Number(actual[i])));
        }
        differences.push({ output, maxAbsDifference, maxAbs });
      }
      await session.release();
    }
    found[name] = differences;
  }
  return found;
}

function tensorOf(tensors: ReadonlyMap<string, SafetensorsTensor>, name: string): SafetensorsTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new RangeError(`${name} is not in the fixture`);
  return tensor;
}

/** Biases and layer norms that matter. */
function perturbed(parameters: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const random = testRandom(7);
  return new Map(
    [...parameters].map(([name, values]) => [name, values.map((value) => value + 0.2 * random())]),
  );
}

function stored(
  parameters: ReadonlyMap<string, Float32Array>,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, StoredTensor> {
  return new Map([...parameters].map(([name, values]) => {
    const readFloats = (begin: number, end: number): Float32Array => values.slice(begin, end);
    return [name, { dtype: "F32", shape: shapes.get(name) ?? [], readFloats }];
  }));
}
