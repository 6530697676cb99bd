import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { embedStream, type Pooling, POOLINGS, type TextEmbedding } from "../inference/embed.ts";
import {
  embeddingRecord,
  type EmbeddingWriter,
  jsonLinesFile,
  npyFile,
} from "../inference/embedding_file.ts";
import type { TextInput } from "../inference/encode_input.ts";
import type { InferenceModel } from "../inference/inference_model.ts";
import { inputLines } from "../inference/input_lines.ts";
import { knownToken } from "../inference/known_tokens.ts";
import { MENTION_OPTIONS, type MentionOptions } from "../inference/mention_options.ts";
import { MODEL_OPTIONS, type ModelOptions } from "../inference/model_options.ts";
import { textRecord } from "../inference/text_record.ts";
import { oneOf } from "../option_values.ts";
import { duration, ProgressLine, quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options extends ModelOptions, MentionOptions {
  readonly pooling: Pooling;
  readonly normalize?: boolean;
  readonly input?: string;
  readonly jsonInput?: boolean;
  readonly output?: string;
}

/** `embed`: hidden states of texts. */
export function embedCommand(reporter: Reporter): Command {
  const command = new Command("embed")
    .summary("vectors of texts, tokens and mentions")
    .description(
      'Prints a line of JSON for each text: {"embedding": […]}, the last hidden states of the network pooled over the text; with ' +
        'mentions also {"entities": [[…], …]}, the states of their entities. Input of any length is read some hundreds of lines ' +
        "at a time.",
    )
    .argument("<MODEL>", "directory or file of a model, or its name on the model hub")
    .argument("[TEXT...]", "texts; - reads lines from standard input")
    .option("--input <file>", "read lines of a file; - is standard input")
    .option(
      "--json-input",
      'lines of the input are {"text", "mentions": [[start, end], …], "entities"?: [title or null, …]}',
    )
    .option("--output <file>", "write there: *.npy a matrix f32 [texts, hidden], else lines of JSON")
    .option(
      "--pooling <kind>",
      "mean of all tokens, cls (the first token) or none (a vector a token)",
      oneOf(POOLINGS),
      "mean",
    )
    .option("--normalize", "scale vectors to length 1");
  MODEL_OPTIONS.addTo(command);
  MENTION_OPTIONS.addTo(command);
  return command.action(async (name: string, texts: string[], options: Options) => {
    const { pooling, normalize, truncate, output } = options;
    const inputs = inputsOf(texts, options);
    const isMatrix = output?.endsWith(".npy") ?? false;
    if (isMatrix && (pooling === "none" || options.mention || options.mentionText || options.jsonInput)) {
      throw new UserError(`--output ${output}: holds one vector a text; name a *.jsonl file`);
    }
    await using model = await MODEL_OPTIONS.open(name, options, reporter);
    const settings = { pooling, ...(normalize && { normalize }), ...(truncate && { truncate }) };
    const embeddings = embedStream(model, inputs, settings);
    const record = (embedding: TextEmbedding): Record<string, unknown> => recordOf(model, embedding, pooling);
    if (output === undefined) {
      for await (const embedding of embeddings) reporter.line(JSON.stringify(record(embedding)));
      return;
    }
    using writer = isMatrix ? npyFile(output, model.config.hiddenSize) : jsonLinesFile(output, record);
    await writeAll(embeddings, writer, output, reporter);
  });
}

function inputsOf(
  texts: readonly string[],
  options: Options,
): AsyncIterable<TextInput> | readonly TextInput[] {
  const isDash = texts.length === 1 && texts[0] === "-";
  const file = options.input ?? (isDash ? "-" : undefined);
  if (file === undefined) {
    if (options.jsonInput) throw new UserError("--json-input: is about lines; give --input FILE");
    if (texts.length === 0) throw new UserError("no text: give texts, or --input FILE");
    const mentions = MENTION_OPTIONS.mentionsOf(options, texts);
    return texts.map((text) => ({ text, mentions }));
  }
  if (texts.length > 0 && !(isDash && file === "-")) {
    throw new UserError("texts and --input: give one of them");
  }
  MENTION_OPTIONS.mentionsOf(options, []); // they go with a text on the command line
  return options.jsonInput ? records(file) : inputLines(file);
}

async function* records(file: string): AsyncGenerator<TextInput> {
  for await (const line of inputLines(file)) yield textRecord(line);
}

function recordOf(
  { config, tokenizer }: InferenceModel,
  embedding: TextEmbedding,
  pooling: Pooling,
): Record<string, unknown> {
  const tokenOf = (id: number): string => knownToken(tokenizer, id) ?? "";
  return embeddingRecord(embedding, config.hiddenSize, pooling === "none" ? tokenOf : undefined);
}

async function writeAll(
  embeddings: AsyncIterable<TextEmbedding>,
  writer: EmbeddingWriter,
  output: string,
  reporter: Reporter,
): Promise<void> {
  const line = new ProgressLine(reporter.progress, "embedding", "texts");
  const begun = performance.now();
  let count = 0;
  try {
    for await (const embedding of embeddings) {
      writer.write(embedding);
      line.update(++count, undefined);
    }
    writer.finish();
  } finally {
    line.clear();
  }
  reporter.line(`${output}: ${quantity(count)} texts (${duration((performance.now() - begun) / 1000)})`);
}
