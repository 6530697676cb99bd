import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import {
  DEFAULT_ONNX_OPSET,
  ONNX_DTYPES,
  ONNX_OPSETS,
  ONNX_TASKS,
  type OnnxTask,
  openModel,
} from "@lukeforge/model";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { exportOnnxDirectory, type OnnxDirectory } from "../onnx/export_directory.ts";
import type { OnnxDifference } from "../onnx/verify_onnx.ts";
import { verifyExported } from "../onnx/verify_process.ts";
import { oneOf } from "../option_values.ts";
import { duration, ProgressLine, quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options extends HubOptions {
  readonly task?: OnnxTask;
  readonly opset: string;
  readonly dtype: (typeof ONNX_DTYPES)[number];
  readonly externalData?: boolean;
  readonly verify?: boolean;
}

/** How far a model may be from the network: what sums in another order and, in f16, roundings come to. */
const VERIFIED_BOUNDS = { f32: 1e-4, f16: 5e-2 } as const;

/** `export-onnx`: a model → a directory for transformers.js, optimum and ONNX Runtime. */
export function exportOnnxCommand(reporter: Reporter): Command {
  const command = new Command("export-onnx")
    .summary("model -> ONNX, for transformers.js, optimum and ONNX Runtime")
    .description(
      "Writes OUT/onnx/model.onnx (f16: OUT/onnx/model_fp16.onnx) with configuration, tokenizer and entity vocabulary in OUT. " +
        "Batch, words, entities and words of a mention may have any number; OUT may be the model's own directory.",
    )
    .argument(
      "<MODEL>",
      "directory or file of a LUKE, mLUKE, BERT, RoBERTa or XLM-R, or its name on the model hub",
    )
    .argument("<OUT>", "directory")
    .option("--task <name>", `${ONNX_TASKS.join(" or ")} (default: the architecture's)`, oneOf(ONNX_TASKS))
    .option(
      "--opset <n>",
      `version of the operators: ${ONNX_OPSETS.join(", ")}`,
      oneOf(ONNX_OPSETS.map(String)),
      String(DEFAULT_ONNX_OPSET),
    )
    .option("--dtype <type>", `weights and activations: ${ONNX_DTYPES.join(", ")}`, oneOf(ONNX_DTYPES), "f32")
    .option("--external-data", "weights in a file of their own, as they are anyway from 2 GiB on")
    .option(
      "--verify",
      "compare with the network in ONNX Runtime, which is fetched the first time (290 MB)",
    );
  HUB_OPTIONS.addTo(command);
  return command.action(async (name: string, output: string, options: Options) => {
    const { path: modelPath } = await HUB_OPTIONS.fetch(name, options, reporter);
    const written = write(modelPath, output, options, reporter);
    if (options.verify) report(await verifyExported(modelPath, written.path), written, options, reporter);
  });
}

function write(modelPath: string, output: string, options: Options, reporter: Reporter): OnnxDirectory {
  using model = openModel(modelPath);
  for (const notice of model.report.notices) reporter.line(notice);
  const line = new ProgressLine(reporter.progress, "ONNX", "MB");
  const begun = performance.now();
  try {
    const { task, dtype, externalData } = options;
    const written = exportOnnxDirectory(model, output, {
      opset: Number(options.opset),
      dtype,
      ...(task !== undefined && { task }),
      ...(externalData && { externalData }),
    }, (done, total) => line.update(done, total));
    line.clear();
    const { files } = written;
    const megabytes = (files.model.length + (files.data?.length ?? 0)) / 1e6;
    const seconds = (performance.now() - begun) / 1000;
    reporter.line(
      `${written.path}: ${written.task}, ${quantity(megabytes)} MB${
        files.data ? ", the weights beside it" : ""
      } (${duration(seconds)})`,
    );
    reporter.line(`inputs: ${files.inputs.join(", ")}`);
    reporter.line(`outputs: ${files.outputs.join(", ")}`);
    return written;
  } finally {
    line.clear();
  }
}

function report(
  differences: readonly OnnxDifference[],
  { path }: OnnxDirectory,
  { dtype }: Options,
  reporter: Reporter,
): void {
  for (const { output, maxAbsDifference, maxAbs } of differences) {
    reporter.line(
      `${output}: at most ${maxAbsDifference.toExponential(1)} from the network's, whose values go to ${
        quantity(maxAbs)
      }`,
    );
    const bound = VERIFIED_BOUNDS[dtype] * Math.max(maxAbs, 1);
    if (!(maxAbsDifference <= bound)) {
      throw new UserError(`${path}: ${output} is not the network's: do not use it, and report this model`);
    }
  }
}
