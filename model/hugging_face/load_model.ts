import type { Device } from "../device.ts";
import { LukeNetwork, type LukeNetworkOptions } from "../luke_network.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { isHead } from "./canonical_names.ts";
import type { OpenedModel, WeightsReport } from "./opened_model.ts";

/** Options of {@linkcode loadModel}. */
export interface LoadModelOptions extends LukeNetworkOptions {
  /** Names that may be absent from the file and are initialised then; none unless told. `isHead` is for hidden states alone. */
  readonly fresh?: (name: string) => boolean;
  /** What they are initialised from, 42 unless told. */
  readonly seed?: number;
  /** Whether tensors in the file that nothing here knows are passed over; an error unless told. */
  readonly ignoreUnexpected?: boolean;
}

/**
 * Makes the network of an opened model on a device. Weights go there a few MiB at a time; the host never holds a tensor as a whole.
 *
 * @throws {WeightsError} that lists every missing, unexpected and misshapen tensor before anything is allocated, and one that names
 * the tensor and element of a number that is not finite.
 * @throws {DeviceError} where the device cannot hold or bind something.
 */
export async function loadModel(
  device: Device,
  model: OpenedModel,
  { fresh = () => false, seed = 42, ignoreUnexpected = false, ...options }: LoadModelOptions,
): Promise<LukeNetwork> {
  const { report } = model;
  checkWeights(model, { fresh, ignoreUnexpected });
  const network = await LukeNetwork.create(device, model.config, options);
  try {
    const drawn = new Set(report.missing);
    if (drawn.size > 0) network.initialize(seed, (name) => drawn.has(name));
    network.loadParameters(model.tensors, { fresh: (name) => drawn.has(name), source: model.path });
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
  return network;
}

/** What {@linkcode checkWeights} lets pass. */
export interface CheckWeightsOptions {
  /** Names that may be absent from the file; none unless told. */
  readonly fresh?: (name: string) => boolean;
  /** Whether tensors in the file that nothing here knows are passed over; an error unless told. */
  readonly ignoreUnexpected?: boolean;
  /** Where the weights come from, named first in the error (default: the model's path). */
  readonly source?: string;
}

/**
 * Looks whether the weights of an opened model are those of its configuration.
 *
 * @throws {WeightsError} that lists every missing, unexpected and misshapen tensor.
 */
export function checkWeights(
  { path, report }: Pick<OpenedModel, "path" | "report">,
  { fresh = () => false, ignoreUnexpected = false, source = path }: CheckWeightsOptions = {},
): void {
  const missing = report.missing.filter((name) => !fresh(name));
  const faults = mismatches({
    missing,
    unexpected: ignoreUnexpected ? [] : report.unexpected,
    misshapen: report.misshapen,
  });
  if (faults === undefined) return;
  throw new WeightsError(
    `${source}: the weights are not those of the configuration: ${faults}; ${remedy(report, missing)}`,
  );
}

function remedy({ unexpected, misshapen }: WeightsReport, missing: readonly string[]): string {
  if (missing.length > 0 && unexpected.length + misshapen.length === 0 && missing.every(isHead)) {
    return "the file has no head: use it for hidden states or as a base model";
  }
  return "use the config.json that belongs to the weights";
}

/** Names of a list that one line shows. */
const SHOWN = 12;

/** What does not match, in a line; undefined where all does. Long lists are cut. */
function mismatches(
  { missing, unexpected, misshapen }: Pick<WeightsReport, "missing" | "unexpected" | "misshapen">,
): string | undefined {
  const kinds: readonly (readonly [kind: string, names: readonly string[]])[] = [
    ["missing", missing],
    ["unexpected", unexpected],
    [
      "misshapen",
      misshapen.map(({ name, found, expected }) =>
        `${name} [${found.join(", ")}] for [${expected.join(", ")}]`
      ),
    ],
  ];
  const parts = kinds.filter(([, names]) => names.length > 0).map(([kind, names]) => {
    const more = names.length - SHOWN;
    return `${names.length} ${kind} (${names.slice(0, SHOWN).join(", ")}${
      more > 0 ? ` and ${more} more` : ""
    })`;
  });
  return parts.length > 0 ? parts.join(", ") : undefined;
}
