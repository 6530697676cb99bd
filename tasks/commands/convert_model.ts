import { Command } from "commander";
import type { Format } from "@lukeforge/model";
import { type Target, TARGETS } from "../convert/convert_model.ts";
import { convertReported } from "../convert/convert_stage.ts";
import { CLASS_OF, openConvertedModel } from "../convert/converted_model.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { maxShardSizeOption, oneOf } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options extends HubOptions {
  readonly to?: Target;
  readonly dtype?: Format;
  readonly maxShardSize: number;
  readonly removeEntityEmbeddings?: true;
  readonly tokenizer?: string;
  readonly entityVocabPath?: string;
  readonly bertModelName?: string;
}

/** `convert-model`: a model → another form of it. */
export function convertModelCommand(reporter: Reporter): Command {
  const command = new Command("convert-model")
    .summary("model -> a directory of Hugging Face transformers, or of LUKE's own repository")
    .description(
      "Writes a model, or a checkpoint of a run, as a class of Hugging Face transformers or in the layout of LUKE's own repository. " +
        "A LUKE gives its words to BertForMaskedLM, RobertaForMaskedLM and XLMRobertaForMaskedLM.",
    )
    .argument("<MODEL>", "directory, file, run of pretrain or checkpoint of it, or name on the model hub")
    .argument("<OUT>", "directory, which must not exist")
    .option("--to <form>", `${TARGETS.join(", ")} (default: the model's own class)`, oneOf(TARGETS))
    .option("--dtype <type>", "f32, f16 or bf16 (default: the model's)", oneOf(["f32", "f16", "bf16"]))
    .addOption(maxShardSizeOption())
    .option("--remove-entity-embeddings", "of the entities keep [MASK], [UNK], [PAD] and [MASK2] only")
    .option("--tokenizer <name>", "tokenizer, where none lies beside the model")
    .option("--entity-vocab-path <file>", "entity vocabulary, where none lies beside the model")
    .option("--bert-model-name <name>", "base model, for `original`, where the model does not name it");
  HUB_OPTIONS.addTo(command);
  return command.action(async (name: string, output: string, options: Options) => {
    const { to, tokenizer, revision: _, ...writing } = options;
    const { path, repository } = await HUB_OPTIONS.fetch(name, options, reporter);
    using model = openConvertedModel(path, { ...(repository !== undefined && { name: repository }) });
    const tokenizerPath = tokenizer === undefined
      ? undefined
      : (await HUB_OPTIONS.fetch(tokenizer, { ...options, revision: "main" }, reporter, "tokenizer")).path;
    await convertReported(
      model,
      output,
      to ?? CLASS_OF[model.modelType],
      { ...writing, tokenizerPath },
      reporter,
    );
  });
}
