import type { Format } from "@lukeforge/model";
import { duration, ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";
import { convertModel, type ConvertOptions, type Target } from "./convert_model.ts";
import type { ConvertedModel } from "./converted_model.ts";

/** {@linkcode convertModel} with notices, progress, and a line about the result. */
export async function convertReported(
  model: ConvertedModel,
  output: string,
  target: Target,
  options: ConvertOptions & { readonly dtype?: Format | undefined },
  reporter: Reporter,
): Promise<void> {
  for (const notice of model.notices) reporter.line(notice);
  const line = new ProgressLine(reporter.progress, target, "MB");
  const begun = performance.now();
  let megabytes = 0;
  try {
    await convertModel(model, output, target, {
      ...options,
      onProgress(done, total) {
        megabytes = total / 1e6;
        line.update(Math.round(done / 1e6), Math.round(megabytes));
      },
    });
  } finally {
    line.clear();
  }
  const form = target === "original" ? "the layout of LUKE's own repository" : target;
  const seconds = (performance.now() - begun) / 1000;
  const size = megabytes.toFixed(megabytes < 10 ? 1 : 0);
  reporter.line(`${output}: ${form}, ${size} MB of ${options.dtype ?? model.dtype} (${duration(seconds)})`);
}
