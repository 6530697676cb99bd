import { Command, CommanderError } from "commander";
import type { Reporter } from "./stage.ts";
import { systemErrorLine } from "./system_errors.ts";

/** Makes a command; its modules are loaded then, since those of all commands take longer than many commands do. */
type CommandLoader = (reporter: Reporter) => Promise<Command>;

/** All commands by name, in the order of the help. */
const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  "pretrain": async (reporter) => (await import("./commands/pretrain.ts")).pretrainCommand(reporter),
  "download-dump": async (reporter) =>
    (await import("./commands/download_dump.ts")).downloadDumpCommand(reporter),
  "build-dump-db": async (reporter) =>
    (await import("./commands/build_dump_db.ts")).buildDumpDBCommand(reporter),
  "extract-text": async (reporter) =>
    (await import("./commands/extract_text.ts")).extractTextCommand(reporter),
  "train-tokenizer": async (reporter) =>
    (await import("./commands/train_tokenizer.ts")).trainTokenizerCommand(reporter),
  "build-word-vocab": async (reporter) =>
    (await import("./commands/build_word_vocab.ts")).buildWordVocabCommand(reporter),
  "build-entity-vocab": async (reporter) =>
    (await import("./commands/build_entity_vocab.ts")).buildEntityVocabCommand(reporter),
  "build-interwiki-db": async (reporter) =>
    (await import("./commands/build_interwiki_db.ts")).buildInterwikiDBCommand(reporter),
  "build-multilingual-entity-vocab": async (reporter) =>
    (await import("./commands/build_multilingual_entity_vocab.ts")).buildMultilingualEntityVocabCommand(
      reporter,
    ),
  "entity-vocab-info": async (reporter) =>
    (await import("./commands/entity_vocab_info.ts")).entityVocabInfoCommand(reporter),
  "convert-entity-vocab": async (reporter) =>
    (await import("./commands/convert_entity_vocab.ts")).convertEntityVocabCommand(reporter),
  "build-wikipedia-pretraining-dataset": async (reporter) =>
    (await import("./commands/build_wikipedia_pretraining_dataset.ts"))
      .buildWikipediaPretrainingDatasetCommand(reporter),
  "build-dataset-from-jsonl": async (reporter) =>
    (await import("./commands/build_dataset_from_jsonl.ts")).buildDatasetFromJsonlCommand(reporter),
  "build-dataset-from-text": async (reporter) =>
    (await import("./commands/build_dataset_from_text.ts")).buildDatasetFromTextCommand(reporter),
  "convert-dataset": async (reporter) =>
    (await import("./commands/convert_dataset.ts")).convertDatasetCommand(reporter),
  "dataset-info": async (reporter) =>
    (await import("./commands/dataset_info.ts")).datasetInfoCommand(reporter),
  "compute-total-training-steps": async (reporter) =>
    (await import("./commands/compute_total_training_steps.ts")).computeTotalTrainingStepsCommand(reporter),
  "convert-model": async (reporter) =>
    (await import("./commands/convert_model.ts")).convertModelCommand(reporter),
  "convert-luke-to-huggingface-model": async (reporter) =>
    (await import("./commands/convert_luke_to_huggingface_model.ts")).convertLukeToHuggingFaceModelCommand(
      reporter,
    ),
  "create-model-archive": async (reporter) =>
    (await import("./commands/create_model_archive.ts")).createModelArchiveCommand(reporter),
  "export-onnx": async (reporter) => (await import("./commands/export_onnx.ts")).exportOnnxCommand(reporter),
  "fill-mask": async (reporter) => (await import("./commands/fill_mask.ts")).fillMaskCommand(reporter),
  "predict-entity": async (reporter) =>
    (await import("./commands/predict_entity.ts")).predictEntityCommand(reporter),
  "embed": async (reporter) => (await import("./commands/embed.ts")).embedCommand(reporter),
  "bench": async (reporter) => (await import("./commands/bench.ts")).benchCommand(reporter),
  "luke-plan": async (reporter) => (await import("./commands/luke_plan.ts")).lukePlanCommand(reporter),
  "tune": async (reporter) => (await import("./commands/tune.ts")).tuneCommand(reporter),
  "model-info": async (reporter) => (await import("./commands/model_info.ts")).modelInfoCommand(reporter),
  "upload": async (reporter) => (await import("./commands/upload.ts")).uploadCommand(reporter),
};

/** The program with the command `name`; with all commands where there is none of that name. Nothing is printed about errors: they are thrown. */
async function createProgram(reporter: Reporter, name: string | undefined): Promise<Command> {
  const program = new Command("lukeforge")
    .usage("COMMAND [options]      (as: deno task COMMAND [options])")
    .description("Pretrains LUKE from a Wikipedia dump to a Hugging Face checkpoint.");
  const wanted = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const loaders = wanted === undefined ? Object.values(COMMANDS) : [wanted];
  const commands = await Promise.all(loaders.map((load) => load(reporter)));
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands]) {
    command.exitOverride().showSuggestionAfterError().configureOutput({ outputError: () => {} });
  }
  return program;
}

/**
 * Runs a command line. What a user can mend is one line on `reportError` and code 1; a failure of the program itself is a stack
 * and code 2.
 *
 * @returns the exit code; undefined where the command has set one of its own, or all is well.
 */
export async function runCommandLine(
  args: readonly string[],
  reporter: Reporter,
  reportError: (text: string) => void,
): Promise<number | undefined> {
  try {
    const program = await createProgram(reporter, args[0]);
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const message = await messageForUser(error);
    reportError(message ?? (error instanceof Error ? error.stack ?? error.message : String(error)));
    return message === undefined ? 2 : 1;
  }
}

/** The line for an error that a user can mend; undefined for any other. */
async function messageForUser(error: unknown): Promise<string | undefined> {
  if (error instanceof CommanderError) {
    if (error.code === "commander.help") return "no command: name one of those above";
    const message = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
    return `${message} (see --help)`;
  }
  const { UserError } = await import("@lukeforge/corpus");
  const { DeviceError, WeightsError } = await import("@lukeforge/model");
  if (error instanceof UserError || error instanceof DeviceError || error instanceof WeightsError) {
    return error.message.replace(/\s*\n\s*/g, " ");
  }
  return systemErrorLine(error);
}
