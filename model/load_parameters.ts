import type { Parameters } from "./parameters.ts";
import { indexOfNonFinite } from "./weights/non_finite.ts";
import type { StoredTensor } from "./weights/stored_tensor.ts";
import { WeightsError } from "./weights/weights_error.ts";

/** Elements that are read and sent at once: 4 MiB. */
const PIECE_LENGTH = 2 ** 20;

/** A tensor that parameters are loaded from. */
export type LoadedTensor = Pick<StoredTensor, "shape" | "readFloats">;

/** Options of `LukeNetwork.loadParameters`. */
export interface LoadParametersOptions {
  /** Parameters that keep what they have when they are missing; none unless told. */
  readonly fresh?: (name: string) => boolean;
  /** Where the tensors come from, named first in errors. */
  readonly source?: string;
}

/**
 * Streams tensors into parameters. Throws a {@linkcode WeightsError} that lists every missing, unknown and misshapen name before
 * anything is written, and one at the first element that is no finite number.
 */
export function loadParameters(
  parameters: Parameters,
  tensors: ReadonlyMap<string, LoadedTensor>,
  { fresh = () => false, source }: LoadParametersOptions = {},
): void {
  const fail = (message: string): never => {
    throw new WeightsError(source === undefined ? message : `${source}: ${message}`);
  };
  const { shapes } = parameters;
  const faults: string[] = [];
  for (const name of shapes.keys()) if (!tensors.has(name) && !fresh(name)) faults.push(`${name} is missing`);
  for (const [name, { shape }] of tensors) {
    const expected = shapes.get(name);
    if (expected === undefined) faults.push(`${name} is unknown`);
    else if (String(shape) !== String(expected)) {
      faults.push(`${name} has shape [${shape.join(", ")}], [${expected.join(", ")}] expected`);
    }
  }
  if (faults.length > 0) fail(`the tensors are not those of the network: ${faults.join("; ")}`);
  for (const [name, tensor] of tensors) {
    const length = tensor.shape.reduce((a, b) => a * b, 1);
    for (let begin = 0; begin < length; begin += PIECE_LENGTH) {
      const values = tensor.readFloats(begin, Math.min(begin + PIECE_LENGTH, length));
      const odd = indexOfNonFinite(values);
      if (odd >= 0) fail(`${name}: element ${begin + odd} is ${values[odd]}; the weights are damaged`);
      parameters.writePiece(name, begin, values);
    }
  }
}
