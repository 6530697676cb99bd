/** Nothing that the engine runs goes untested: every kernel and every op is looked up in the suite's tables. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { loadKernels } from "../cpu/compile_kernels.ts";
import type { Dispatch } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import type { LukeConfig } from "../luke_config.ts";
import { LukeNetwork, type LukeNetworkOptions } from "../luke_network.ts";
import { ReferenceDevice, type ReferenceProgram } from "../reference_device.ts";
import { TINY_CAPACITY, tinyLukeBatch, tinyLukeConfig } from "../testdata_tiny_luke.ts";
import { buildShader } from "../webgpu/shader.ts";
import { CASE_KINDS } from "./testdata_case_kinds.ts";
import { opCases } from "./testdata_op_cases.ts";

const ROOM = new URL("./", import.meta.url);

/** Every TypeScript file of the ops. */
const files = readdirSync(ROOM, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

/** Those that are neither tests nor test data. */
const sources = files.filter((file) => !/_test\.ts$|testdata_|_bench\.ts$/.test(file));

function read(file: string): string {
  return readFileSync(new URL(file, ROOM), "utf8");
}

function isKernel(value: unknown): value is Kernel {
  return typeof value === "object" && value !== null && "bindings" in value && "reference" in value;
}

/** Remembers what it is asked to compile. */
class ListingDevice extends ReferenceDevice {
  readonly dispatches: Dispatch[] = [];

  override compile(dispatches: readonly Dispatch[]): Promise<ReferenceProgram> {
    this.dispatches.push(...dispatches);
    return super.compile(dispatches);
  }
}

const training = {
  gradientAccumulationSteps: 1,
  optimizer: { betas: [0.9, 0.98], eps: 1e-6, weightDecay: 0.01, biasCorrection: true, maxGradNorm: 1 },
} as const;

/** The networks whose kernels have to be tested: whatever changes which kernels a plan has. */
const networks: Record<string, [Partial<LukeConfig>, Partial<LukeNetworkOptions>]> = {
  "training": [{ hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 }, { training }],
  "training without dropout, entities as wide as words": [{ entityEmbSize: 16 }, { training }],
  "training with recomputation, logits in chunks": [{}, {
    training: { ...training, recompute: true },
    logitBytes: 4096,
  }],
  "training in f16": [{}, { training, precision: "f16" }],
  "training in bf16": [{}, { training, precision: "bf16" }],
};

/** Every dispatch of the plans of `networks`: training, evaluation, hidden states and update. */
async function dispatchesOfNetworks(): Promise<Dispatch[]> {
  const device = new ListingDevice("f32");
  for (const [config, options] of Object.values(networks)) {
    const shape = tinyLukeConfig(config);
    const network = await LukeNetwork.create(device, shape, { capacities: [TINY_CAPACITY], ...options });
    network.initialize(1);
    const batch = tinyLukeBatch(shape, 1);
    await network.evaluate(batch);
    await network.hiddenStates(batch);
    await network[Symbol.asyncDispose]();
  }
  return device.dispatches;
}

/** The kernels of the exports of every file, and those that the networks' plans run. */
async function allKernels(): Promise<Set<Kernel>> {
  const kernels = new Set((await dispatchesOfNetworks()).map(({ kernel }) => kernel));
  for (const file of sources) {
    const exports: Record<string, unknown> = await import(new URL(file, ROOM).href);
    for (const value of Object.values(exports)) if (isKernel(value)) kernels.add(value);
  }
  return kernels;
}

Deno.test("every kernel has op cases of every kind", async (t) => {
  for (const kernel of await allKernels()) {
    await t.step(kernel.name, () => {
      const cases = opCases.filter((op) => op.kernel === kernel);
      assert.ok(cases.length > 0, `${kernel.name} has no op case`);
      const missing = Object.entries(CASE_KINDS).filter(([, is]) => !cases.some(is)).map(([kind]) => kind);
      assert.deepEqual(missing, [], `cases of ${kernel.name} without ${missing.join(", ")}`);
    });
  }
});

Deno.test("every kernel has a WebAssembly function of its own name or the one it says", async () => {
  const exports = new Map(
    WebAssembly.Module.exports(new WebAssembly.Module(await loadKernels())).map((
      { name, kind },
    ) => [name, kind]),
  );
  for (const { name, cpu } of await allKernels()) assert.equal(exports.get(cpu ?? name), "function", name);
});

Deno.test("every dispatch of a LUKE has WGSL with one entry point that names all its bindings", async () => {
  for (const { kernel, sizes } of await dispatchesOfNetworks()) {
    const code = buildShader(kernel, sizes);
    assert.equal(code.split("@compute").length, 2, kernel.name);
    assert.equal(new Set(kernel.bindings.map(({ name }) => name)).size, kernel.bindings.length, kernel.name);
  }
});

/** Functions that take a plan but are no op: parts of ops, tested with those, and what declares inputs or fills memory. */
const PARTS = new Set<string>([
  "chunkLogits",
  "columnSumGradient",
  "columnSums",
  "dropoutSizes",
  "fillZero",
  "inputGradient",
  "linearGradients",
  "linearProduct",
  "lookupInputs",
  "matmul",
  "parameterGradients",
  "roundedOperand",
  "sharedOperand",
  "sumPartials",
  "writeGradient",
]);

/** Ops that leave nothing to compare with PyTorch: they move or add numbers. */
const MOVES = new Set<string>(["concatenateRows", "gatherRows", "separateRows"]);

Deno.test("every op that records a gradient is compared with finite differences and with PyTorch", () => {
  const ops = sources.flatMap((file) =>
    [...read(file).matchAll(/^export function (\w+)\(\s*plan: PlanBuilder\b/gm)].map(([, name = ""]) => name)
  );
  const unknown = [...PARTS, ...MOVES].filter((name) => !ops.includes(name));
  assert.deepEqual(unknown, [], "listed here, but not exported any more");
  const differences = files.filter((file) => file.endsWith("_test.ts"))
    .flatMap((file) => read(file).match(/Deno\.test\("[^"]*finite differences/g) ?? []);
  const tables: Record<string, [string, ReadonlySet<string>]> = {
    "finite differences": [[read("gradients_test.ts"), ...differences].join("\n"), PARTS],
    "PyTorch": [read("../../tests/ops_parity_test.ts"), new Set([...PARTS, ...MOVES])],
  };
  for (const [table, [text, exempt]] of Object.entries(tables)) {
    const missing = ops.filter((name) => !exempt.has(name) && !new RegExp(`\\b${name}\\(`).test(text));
    assert.deepEqual(missing, [], `not compared with ${table}`);
  }
});
