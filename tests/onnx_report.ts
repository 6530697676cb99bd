/** What onnx_test.ts runs in a process of its own, without the lock file: prints differences between exported models and networks. */
import { join } from "node:path";
import { writeFileAtomic } from "@lukeforge/corpus";
import {
  exportOnnx,
  type LukeConfig,
  LukeNetwork,
  type ModelType,
  openDevice,
  type StoredTensor,
} from "@lukeforge/model";
import { testRandom } from "../model/ops/testdata_generators.ts";
import { tinyLukeConfig } from "../model/testdata_tiny_luke.ts";
import { loadOnnxRuntime } from "../tasks/onnx/onnx_runtime.ts";
import { type OnnxDifference, VERIFIED_CAPACITY, verifyOnnx } from "../tasks/onnx/verify_onnx.ts";

/** Differences by name of a case. */
export type OnnxReport = Record<string, readonly OnnxDifference[]>;

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
  ["opset 20", "luke", entityAware, { opset: 20 }],
  ["opset 22", "luke", {}, { opset: 22 }],
  ["external data", "luke", {}, { externalData: true }],
  ["f16", "luke", {}, { dtype: "f16" }],
  ["f16 with entity-aware attention", "luke", entityAware, { dtype: "f16", externalData: true }],
];

if (import.meta.main) {
  const runtime = await loadOnnxRuntime();
  if (Deno.args.includes("--probe")) Deno.exit();
  const device = await openDevice("cpu", { threads: 1 });
  const directory = await Deno.makeTempDir();
  const report: OnnxReport = {};
  try {
    for (const [name, modelType, changes, options] of CASES) {
      const config = tinyLukeConfig({ numHiddenLayers: 2, ...changes });
      await using network = await LukeNetwork.create(device, config, { capacities: [VERIFIED_CAPACITY] });
      network.initialize(1);
      network.writeParameters(perturbed(await network.readParameters()));
      const tensors = stored(await network.readParameters(), network.parameterShapes);
      const differences: OnnxDifference[] = [];
      for (const task of ["feature-extraction", "fill-mask"] as const) {
        const dataFile = `${task}.onnx_data`;
        const { model, data } = exportOnnx({ modelType, config, tensors }, { task, dataFile, ...options });
        const path = join(directory, `${task}.onnx`);
        if (data) writeFileAtomic(join(directory, dataFile), data.chunks());
        writeFileAtomic(path, model.chunks());
        differences.push(...await verifyOnnx(runtime, path, network));
      }
      report[name] = differences;
    }
  } finally {
    device.destroy();
    await Deno.remove(directory, { recursive: true });
  }
  console.log(JSON.stringify(report));
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
