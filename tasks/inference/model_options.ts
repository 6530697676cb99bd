import type { Command } from "commander";
import { BLAS_CHOICES, type BlasChoice, DEVICE_KINDS, type DeviceKind } from "@lukeforge/model";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { oneOf, wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";
import { InferenceModel } from "./inference_model.ts";

/** Options of commands that use a model. */
export interface ModelOptions extends HubOptions {
  readonly device: DeviceKind;
  readonly threads?: number;
  readonly blas: BlasChoice;
  readonly truncate?: boolean;
}

/** The options of {@linkcode ModelOptions}, and what commands do with them. */
export const MODEL_OPTIONS: {
  /** Adds them to a command. */
  addTo(command: Command): void;
  /** Opens what was named on the command line; what there is to tell goes to the terminal, not among the answers. */
  open(nameOrPath: string, options: ModelOptions, reporter: Reporter): Promise<InferenceModel>;
} = {
  addTo(command) {
    command.option(
      "--truncate",
      "cut texts that are longer than the network's positions (default: an error)",
    );
    command.optionsGroup("Model and device:")
      .option("--device <kind>", `where to compute: ${DEVICE_KINDS.join(", ")}`, oneOf(DEVICE_KINDS), "auto")
      .option("--threads <n>", "threads of the cpu device (default: all cores)", wholeNumber(1))
      .option(
        "--blas <choice>",
        `products on the cpu device: ${BLAS_CHOICES.join(", ")}`,
        oneOf(BLAS_CHOICES),
        "auto",
      );
    HUB_OPTIONS.addTo(command);
  },
  async open(nameOrPath, options, reporter) {
    const aside = besideAnswers(reporter);
    const { path } = await HUB_OPTIONS.fetch(nameOrPath, options, aside);
    const { device, blas, threads } = options;
    const model = await InferenceModel.open(path, {
      device,
      blas,
      ...(threads !== undefined && { threads }),
    });
    for (const notice of model.notices) aside.line(`${path}: ${notice}`);
    return model;
  },
};

/** A reporter whose lines go where progress goes: standard output is for answers, which programs may read. */
export function besideAnswers({ progress }: Reporter): Reporter {
  return { progress, line: (text) => progress.write(`${text}\n`) };
}
