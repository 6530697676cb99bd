import { openModel } from "./open_model.ts";
import type { OpenedModel, WeightsReport } from "./opened_model.ts";
import { modelDirectory, type Settings, type Tensors, tinyTensors } from "./testdata_model_directory.ts";

/** The report of a model where all matches. */
export const NOTHING: WeightsReport = {
  missing: [],
  unexpected: [],
  misshapen: [],
  ignored: [],
  notices: [],
};

/** All values of a model by canonical name. */
export function values(model: OpenedModel): Map<string, number[]> {
  return new Map(
    [...model.tensors].map(([name, tensor]) => {
      const length = tensor.shape.reduce((a, b) => a * b, 1);
      return [name, [...tensor.readFloats(0, length)]];
    }),
  );
}

/** Opens a directory made of settings and tensors, hands it to `look`, removes it. */
export function opened<T>(settings: Settings, tensors: Tensors, look: (model: OpenedModel) => T): T {
  using directory = modelDirectory(settings, tensors);
  using model = openModel(directory.path);
  return look(model);
}

/** Tensors under other names. */
export function renamed(tensors: Tensors, rename: (name: string) => string): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}

/** All values of the tiny model that `settings` describe, by canonical name. */
export function plainValues(settings: Settings): Map<string, number[]> {
  return opened(settings, tinyTensors(settings), values);
}
