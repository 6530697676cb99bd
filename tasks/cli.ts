import { Command, CommanderError } from "commander";
import { UserError } from "@lukeforge/corpus";
import { DeviceError, WeightsError } from "@lukeforge/model";
import { benchCommand } from "./commands/bench.ts";
import { buildDatasetFromJsonlCommand } from "./commands/build_dataset_from_jsonl.ts";
import { buildDatasetFromTextCommand } from "./commands/build_dataset_from_text.ts";
import { buildDumpDBCommand } from "./commands/build_dump_db.ts";
import { buildEntityVocabCommand } from "./commands/build_entity_vocab.ts";
import { buildInterwikiDBCommand } from "./commands/build_interwiki_db.ts";
import { buildMultilingualEntityVocabCommand } from "./commands/build_multilingual_entity_vocab.ts";
import { buildWordVocabCommand } from "./commands/build_word_vocab.ts";
import { buildWikipediaPretrainingDatasetCommand } from "./commands/build_wikipedia_pretraining_dataset.ts";
import { computeTotalTrainingStepsCommand } from "./commands/compute_total_training_steps.ts";
import { convertDatasetCommand } from "./commands/convert_dataset.ts";
import { convertEntityVocabCommand } from "./commands/convert_entity_vocab.ts";
import { convertLukeToHuggingFaceModelCommand } from "./commands/convert_luke_to_huggingface_model.ts";
import { convertModelCommand } from "./commands/convert_model.ts";
import { createModelArchiveCommand } from "./commands/create_model_archive.ts";
import { datasetInfoCommand } from "./commands/dataset_info.ts";
import { downloadDumpCommand } from "./commands/download_dump.ts";
import { extractTextCommand } from "./commands/extract_text.ts";
import { embedCommand } from "./commands/embed.ts";
import { entityVocabInfoCommand } from "./commands/entity_vocab_info.ts";
import { exportOnnxCommand } from "./commands/export_onnx.ts";
import { fillMaskCommand } from "./commands/fill_mask.ts";
import { lukePlanCommand } from "./commands/luke_plan.ts";
import { modelInfoCommand } from "./commands/model_info.ts";
import { predictEntityCommand } from "./commands/predict_entity.ts";
import { pretrainCommand } from "./commands/pretrain.ts";
import { trainTokenizerCommand } from "./commands/train_tokenizer.ts";
import { tuneCommand } from "./commands/tune.ts";
import { uploadCommand } from "./commands/upload.ts";
import type { Reporter } from "./stage.ts";
import { systemErrorLine } from "./system_errors.ts";

/** The program with all commands. Nothing is printed about errors: they are thrown. */
export function createProgram(reporter: Reporter): Command {
  const program = new Command("lukeforge")
    .usage("COMMAND [options]      (as: deno task COMMAND [options])")
    .description("Pretrains LUKE from a Wikipedia dump to a Hugging Face checkpoint.");
  const commands = [
    pretrainCommand(reporter),
    downloadDumpCommand(reporter),
    buildDumpDBCommand(reporter),
    extractTextCommand(reporter),
    trainTokenizerCommand(reporter),
    buildWordVocabCommand(reporter),
    buildEntityVocabCommand(reporter),
    buildInterwikiDBCommand(reporter),
    buildMultilingualEntityVocabCommand(reporter),
    entityVocabInfoCommand(reporter),
    convertEntityVocabCommand(reporter),
    buildWikipediaPretrainingDatasetCommand(reporter),
    buildDatasetFromJsonlCommand(reporter),
    buildDatasetFromTextCommand(reporter),
    convertDatasetCommand(reporter),
    datasetInfoCommand(reporter),
    computeTotalTrainingStepsCommand(reporter),
    convertModelCommand(reporter),
    convertLukeToHuggingFaceModelCommand(reporter),
    createModelArchiveCommand(reporter),
    exportOnnxCommand(reporter),
    fillMaskCommand(reporter),
    predictEntityCommand(reporter),
    embedCommand(reporter),
    benchCommand(reporter),
    lukePlanCommand(reporter),
    tuneCommand(reporter),
    modelInfoCommand(reporter),
    uploadCommand(reporter),
  ];
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
    await createProgram(reporter).parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const message = messageForUser(error);
    reportError(message ?? (error instanceof Error ? error.stack ?? error.message : String(error)));
    return message === undefined ? 2 : 1;
  }
}

/** The line for an error that a user can mend; undefined for any other. */
function messageForUser(error: unknown): string | undefined {
  if (error instanceof CommanderError) {
    if (error.code === "commander.help") return "no command: name one of those above";
    const message = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
    return `${message} (see --help)`;
  }
  if (error instanceof UserError || error instanceof DeviceError || error instanceof WeightsError) {
    return error.message.replace(/\s*\n\s*/g, " ");
  }
  return systemErrorLine(error);
}
