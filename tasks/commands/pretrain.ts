import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { datasetDirectories } from "../dataset_directories.ts";
import { pretrain } from "../pretrain.ts";
import { defaultRunDirectory, type PretrainInput } from "../pretrain_request.ts";
import { addPretrainOptions } from "../pretrain_options.ts";
import type { GivenSettings } from "../pretrain_settings.ts";
import type { Reporter } from "../stage.ts";

interface Options extends GivenSettings {
  readonly dump?: string;
  readonly language?: string;
  readonly datasetDir?: readonly string[];
  readonly heldOutDatasetDir?: readonly string[];
  readonly multilingual?: boolean;
  readonly outputDir?: string;
  readonly cacheDir?: string;
  readonly threads?: number;
  readonly deviceMemory?: number;
  readonly dataWorkers?: number;
  readonly dataPrefetch?: number;
}

/** Exit code of a run that was asked to stop and can be continued. */
const STOPPED = 130;

/** `pretrain`: the sample, a dump or a dataset → a trained, exported, evaluated network. */
export function pretrainCommand(reporter: Reporter): Command {
  const command = new Command("pretrain")
    .summary("pretrain LUKE: on the built-in sample, a dump, or a dataset built before")
    .description(
      "Pretrains LUKE. Without input the built-in sample is taken through every stage in a few minutes; --dump FILE does the same " +
        "for a MediaWiki dump; --dataset-dir (or DATASET_DIR OUTPUT_DIR) trains on a dataset built before. The same command " +
        "continues a stopped run. Where two defaults are shown, the first is that of the sample.",
    )
    .argument("[DATASET_DIR]", "as --dataset-dir")
    .argument("[OUTPUT_DIR]", "as --output-dir");

  addPretrainOptions(command);
  return command.action(
    async (datasetDir: string | undefined, outputDir: string | undefined, options: Options) => {
      const { dump, language, heldOutDatasetDir, multilingual: _, cacheDir, threads, deviceMemory, ...rest } =
        options;
      const { datasetDir: datasetOption, outputDir: outputOption, dataWorkers, dataPrefetch, ...settings } =
        rest;
      const { subwordMasking, ...given } = settings as GivenSettings & { subwordMasking?: true };
      const dataset = datasetDir === undefined ? datasetOption : datasetOption ?? [datasetDir];
      if (datasetDir !== undefined && dataset !== undefined && !dataset.includes(datasetDir)) {
        throw new UserError(`--dataset-dir: given twice (${datasetDir}, ${dataset}); give one of them`);
      }
      const input = await inputOf({ dump, language, dataset, heldOut: heldOutDatasetDir });
      const output = one("--output-dir", outputDir, outputOption) ?? defaultRunDirectory(input);
      if (subwordMasking && given.wholeWordMasking) {
        throw new UserError(
          "--whole-word-masking and --subword-masking: exclude each other; give one of them",
        );
      }
      const finished = await pretrain({
        input,
        outputDir: output,
        given: { ...given, ...(subwordMasking && { wholeWordMasking: false }) },
        ...(cacheDir !== undefined && { cacheDir }),
        ...(threads !== undefined && { threads }),
        ...(deviceMemory !== undefined && { deviceMemory }),
        ...(dataWorkers !== undefined && { dataWorkers }),
        ...(dataPrefetch !== undefined && { dataPrefetch }),
      }, reporter);
      if (!finished) Deno.exitCode = STOPPED;
    },
  );
}

function one(name: string, positional: string | undefined, option: string | undefined): string | undefined {
  if (positional !== undefined && option !== undefined && positional !== option) {
    throw new UserError(`${name}: given twice (${positional}, ${option}); give one of them`);
  }
  return option ?? positional;
}

async function inputOf(
  { dump, language, dataset, heldOut }: {
    readonly dump: string | undefined;
    readonly language: string | undefined;
    readonly dataset: readonly string[] | undefined;
    readonly heldOut: readonly string[] | undefined;
  },
): Promise<PretrainInput> {
  if (dataset === undefined) {
    if (heldOut !== undefined) {
      throw new UserError(
        "--held-out-dataset-dir: goes with --dataset-dir; a dump is divided by --held-out-fraction",
      );
    }
    return { ...(dump !== undefined && { dump }), ...(language !== undefined && { language }) };
  }
  if (dump !== undefined) {
    throw new UserError("--dump and --dataset-dir: exclude each other; give one of them");
  }
  if (language !== undefined) throw new UserError("--language: is settled by the dataset; leave it out");
  return {
    datasetDirs: await datasetDirectories(dataset),
    heldOutDatasetDirs: await datasetDirectories(heldOut ?? [], "--held-out-dataset-dir"),
  };
}
