import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { answerLines } from "../inference/answer_table.ts";
import type { InferenceModel } from "../inference/inference_model.ts";
import { inGroups, inputLines } from "../inference/input_lines.ts";
import { MENTION_OPTIONS, type MentionOptions } from "../inference/mention_options.ts";
import { MODEL_OPTIONS, type ModelOptions } from "../inference/model_options.ts";
import { type MentionPrediction, predictEntities } from "../inference/predict_entity.ts";
import { textRecord } from "../inference/text_record.ts";
import { wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options extends ModelOptions, MentionOptions {
  readonly topK: number;
  readonly language?: string;
  readonly specials?: boolean;
  readonly json?: boolean;
}

/** Lines of standard input that are answered together. */
const GROUP = 64;

/** `predict-entity`: the entities that mentions stand for. */
export function predictEntityCommand(reporter: Reporter): Command {
  const command = new Command("predict-entity")
    .summary("the entities that mentions in a text stand for")
    .description(
      "Prints the most probable entities of a LUKE model's vocabulary for each mention. The network sees the mentions' words, and " +
        "[MASK] for their entities; an entity that --entity names is shown to it and helps with the others.",
    )
    .argument("<MODEL>", "directory or file of a LUKE, or its name on the model hub")
    .argument(
      "<TEXT>",
      'the text; - reads lines {"text", "mentions": [[start, end], …], "entities"?: [title or null, …]} from standard input',
    )
    .option("--top-k <n>", "entities for each mention", wholeNumber(1), 5)
    .option("--language <code>", "language of the titles where entities have several")
    .option("--specials", "list [PAD], [UNK], [MASK] and [MASK2], too")
    .option("--json", "print JSON: of each mention its place, text and entities");
  MODEL_OPTIONS.addTo(command);
  MENTION_OPTIONS.addTo(command);
  return command.action(async (name: string, text: string, options: Options) => {
    const { topK, language, specials, truncate, json } = options;
    const settings = {
      topK,
      ...(language !== undefined && { language }),
      ...(specials && { specials }),
      ...(truncate && { truncate }),
    };
    const reads = text === "-";
    const mentions = MENTION_OPTIONS.mentionsOf(options, reads ? [] : [text]);
    if (!reads && mentions.length === 0) {
      throw new UserError("no mention: give --mention START END or --mention-text TEXT");
    }
    await using model = await MODEL_OPTIONS.open(name, options, reporter);
    if (!reads) {
      const [predictions = []] = await predictEntities(
        model,
        [{ text, mentions, name: "the text" }],
        settings,
      );
      if (json) reporter.line(JSON.stringify(predictions, null, 1));
      else printText(text, predictions, model, reporter);
      return;
    }
    for await (const lines of inGroups(inputLines("-"), GROUP)) {
      const inputs = lines.filter((line) => line.text.trim() !== "").map(textRecord);
      const results = await predictEntities(model, inputs, settings);
      for (const [i, input] of inputs.entries()) {
        const result = results[i] ?? [];
        if (json) reporter.line(JSON.stringify(result));
        else printText(input.text, result, model, reporter);
      }
    }
  });
}

function printText(
  text: string,
  predictions: readonly MentionPrediction[],
  { entityVocab }: InferenceModel,
  reporter: Reporter,
): void {
  reporter.line(text);
  for (const { start, end, mention, entities } of predictions) {
    reporter.line(` ${mention} (${start} ${end})`);
    const answers = entities.map(({ score, title, language }) => ({
      score,
      text: title,
      ...(language !== null && entityVocab.languages.size > 1 && { note: language }),
    }));
    for (const line of answerLines(answers)) reporter.line(line);
  }
}
