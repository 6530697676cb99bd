import { Command, InvalidArgumentError } from "commander";
import { UserError } from "@lukeforge/corpus";
import type { Format } from "@lukeforge/model";
import { LUKE_TOKENIZER_CLASSES, type LukeTokenizerClass } from "@lukeforge/train";
import { convertReported } from "../convert/convert_stage.ts";
import { openConvertedModel } from "../convert/converted_model.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { maxShardSizeOption, oneOf } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options extends HubOptions {
  readonly checkpointPath: string;
  readonly metadataPath?: string;
  readonly entityVocabPath?: string;
  readonly transformersModelSavePath: string;
  readonly tokenizerClass?: LukeTokenizerClass;
  readonly setEntityAwareAttentionDefault: boolean;
  readonly removeEntityEmbeddings?: true;
  readonly tokenizer?: string;
  readonly dtype?: Format;
  readonly maxShardSize: number;
}

/** `convert-luke-to-huggingface-model`: a checkpoint of LUKE's own repository or of a run → `LukeForMaskedLM`. */
export function convertLukeToHuggingFaceModelCommand(reporter: Reporter): Command {
  const command = new Command("convert-luke-to-huggingface-model")
    .summary(
      "checkpoint of LUKE's own repository, or of a run -> LukeForMaskedLM of Hugging Face transformers",
    )
    .description(
      "Converts what LUKE's own repository wrote (mp_rank_00_model_states.pt, its directory, model_*.bin), or a run or checkpoint of " +
        "pretrain. Options are those of upstream's command.",
    )
    .requiredOption(
      "--checkpoint-path <path>",
      "required: checkpoint, run of pretrain, or name on the model hub",
    )
    .option("--metadata-path <file>", "metadata.json (default: beside the checkpoint, or of the run)")
    .option("--entity-vocab-path <file>", "entity vocabulary (default: beside metadata.json, or of the run)")
    .requiredOption("--transformers-model-save-path <dir>", "required: output, which must not exist")
    .option(
      "--tokenizer-class <name>",
      `${LUKE_TOKENIZER_CLASSES.join(" or ")} (default: the one for the tokenizer's kind)`,
      oneOf(LUKE_TOKENIZER_CLASSES),
    )
    .requiredOption(
      "--set-entity-aware-attention-default <bool>",
      "required: whether the model uses entity-aware attention unless told otherwise; its queries start as copies",
      truth,
    )
    .option("--remove-entity-embeddings", "of the entities keep [MASK], [UNK], [PAD] and [MASK2] only")
    .option("--tokenizer <name>", "tokenizer (default: bert_model_name of metadata.json, or the run's)")
    .option("--dtype <type>", "f32, f16 or bf16 (default: the checkpoint's)", oneOf(["f32", "f16", "bf16"]))
    .addOption(maxShardSizeOption());
  HUB_OPTIONS.addTo(command);
  return command.action(async (options: Options) => {
    const { checkpointPath, metadataPath, transformersModelSavePath: output } = options;
    const { path, repository } = await HUB_OPTIONS.fetch(checkpointPath, options, reporter);
    using model = openConvertedModel(path, {
      ...(metadataPath !== undefined && { metadataPath }),
      ...(repository !== undefined && { name: repository }),
    });
    const tokenizer = options.tokenizer ?? model.tokenizerPath ?? model.bertModelName;
    if (tokenizer === undefined) {
      throw new UserError(`${metadataPath ?? checkpointPath}: names no bert_model_name; give --tokenizer`);
    }
    const tokenizerPath = await fetchTokenizer(
      tokenizer,
      repository === undefined ? options : { ...options, revision: "main" },
      reporter,
    );
    await convertReported(model, output, "LukeForMaskedLM", {
      tokenizerPath,
      entityVocabPath: options.entityVocabPath,
      tokenizerClass: options.tokenizerClass,
      useEntityAwareAttention: options.setEntityAwareAttentionDefault,
      removeEntityEmbeddings: options.removeEntityEmbeddings,
      dtype: options.dtype,
      maxShardSize: options.maxShardSize,
    }, reporter);
  });
}

async function fetchTokenizer(name: string, options: Options, reporter: Reporter): Promise<string> {
  try {
    return (await HUB_OPTIONS.fetch(name, options, reporter, "tokenizer")).path;
  } catch (error) {
    if (options.tokenizer !== undefined || !(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; or give the tokenizer of the checkpoint's words by --tokenizer`);
  }
}

/** What click takes for a truth value. */
function truth(text: string): boolean {
  const word = text.toLowerCase();
  if (["1", "true", "t", "yes", "y", "on"].includes(word)) return true;
  if (["0", "false", "f", "no", "n", "off"].includes(word)) return false;
  throw new InvalidArgumentError("give true or false.");
}
