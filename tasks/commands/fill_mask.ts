import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { answerLines } from "../inference/answer_table.ts";
import type { TextInput } from "../inference/encode_input.ts";
import { type FilledMask, fillMask, pipelineOutput } from "../inference/fill_mask.ts";
import { inGroups, inputLines } from "../inference/input_lines.ts";
import { MENTION_OPTIONS, type MentionOptions } from "../inference/mention_options.ts";
import { besideAnswers, MODEL_OPTIONS, type ModelOptions } from "../inference/model_options.ts";
import { wholeNumber } from "../option_values.ts";
import type { Reporter } from "../stage.ts";

interface Options extends ModelOptions, MentionOptions {
  readonly topK: number;
  readonly targets?: readonly string[];
  readonly json?: boolean;
}

/** Lines of standard input that are answered together. */
const GROUP = 64;

/** `fill-mask`: the words that fit in the place of a mask. */
export function fillMaskCommand(reporter: Reporter): Command {
  const command = new Command("fill-mask")
    .summary("the words that a model puts in the place of a mask")
    .description(
      "Prints the most probable words for each mask ([MASK] or <mask>, as the model's tokenizer has it) of each text. LUKE, " +
        "RoBERTa, XLM-R and BERT. Several masks of a text are filled independently.",
    )
    .argument("<MODEL>", "directory or file of a model, or its name on the model hub")
    .argument("<TEXT...>", "texts with masks; - reads lines from standard input")
    .option("--top-k <n>", "words for each mask", wholeNumber(1), 5)
    .option(
      "--targets <a,b,…>",
      "words to choose from; one that is no token stands for its first token",
      (text) => text.split(","),
    )
    .option("--json", "print what Hugging Face's pipeline returns; a line a text for standard input");
  MODEL_OPTIONS.addTo(command);
  MENTION_OPTIONS.addTo(command);
  return command.action(async (name: string, texts: string[], options: Options) => {
    const { topK, targets, truncate, json } = options;
    const reads = texts.includes("-");
    if (reads && texts.length > 1) throw new UserError("-: stands for all texts; give it alone");
    const mentions = MENTION_OPTIONS.mentionsOf(options, reads ? [] : texts);
    await using model = await MODEL_OPTIONS.open(name, options, reporter);
    const settings = {
      topK,
      ...(targets && { targets }),
      ...(truncate && { truncate }),
      notice: once((text) => besideAnswers(reporter).line(text)),
    };
    if (!reads) {
      const results = await fillMask(
        model,
        texts.map((text) => ({ text, mentions })),
        settings,
      );
      if (json) reporter.line(JSON.stringify(pipelineOutput(results), null, 1));
      else texts.forEach((text, i) => printText(text, results[i] ?? [], reporter));
      return;
    }
    for await (const lines of inGroups(inputLines("-"), GROUP)) {
      const inputs: TextInput[] = lines.filter(({ text }) => text.trim() !== "");
      const results = await fillMask(model, inputs, settings);
      for (const [i, { text }] of inputs.entries()) {
        const result = results[i] ?? [];
        if (json) reporter.line(JSON.stringify(pipelineOutput([result])));
        else printText(text, result, reporter);
      }
    }
  });
}

function printText(text: string, masks: readonly FilledMask[][], reporter: Reporter): void {
  reporter.line(text);
  for (const [i, words] of masks.entries()) {
    if (masks.length > 1) reporter.line(` mask ${i + 1}`);
    const answers = words.map(({ score, token_str: word, sequence }) => ({
      score,
      text: word.trim() === "" ? JSON.stringify(word) : word.trim(),
      ...(masks.length === 1 && { note: sequence }),
    }));
    for (const line of answerLines(answers)) reporter.line(line);
  }
}

/** Says each thing once. */
function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
}
