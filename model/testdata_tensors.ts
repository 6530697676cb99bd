import type { LukeConfig } from "./luke_config.ts";
import { lukeParameters } from "./luke_parameters.ts";
import { elementCount } from "./weights/element_types.ts";
import { floatTensor } from "./weights/row_view.ts";
import type { StoredTensor } from "./weights/stored_tensor.ts";

/** The parameters of a network, whose elements are all different: 1, 2, 3, … */
export function countingTensors(config: LukeConfig): Map<string, StoredTensor> {
  let next = 0;
  return new Map(
    lukeParameters(config).map(({ name, shape }) => {
      const data = Float32Array.from({ length: elementCount(shape) }, () => ++next);
      return [name, floatTensor(shape, data)];
    }),
  );
}

/** All elements of a tensor. @throws {TypeError} when there is none of the name. */
export function elementsOf(tensors: ReadonlyMap<string, StoredTensor>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new TypeError(`no tensor ${name}`);
  return tensor.readFloats(0, elementCount(tensor.shape));
}
