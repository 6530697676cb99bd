import type { Command } from "commander";
import { isHeldOut, UserError } from "@lukeforge/corpus";
import { type DatasetBuildOptions, FileDocuments, mentionVocab } from "@lukeforge/train";
import { EntityVocab, openTokenizer, SPECIAL_ENTITIES } from "@lukeforge/vocab";
import { runOrCompare } from "./existing_output.ts";
import { HUB_OPTIONS, type HubOptions } from "./hub/hub_options.ts";
import { madeDataset, sameDataset } from "./made_dataset.ts";
import { openEntityVocab } from "./open_entity_vocab.ts";
import { numberBetween, wholeNumber } from "./option_values.ts";
import { type ProgressCallback, quantity } from "./progress.ts";
import type { Reporter, Stage } from "./stage.ts";

/** Options of the commands that build data sets of files, as they are given. */
export interface FileDatasetOptions extends HubOptions {
  readonly maxNumDocuments?: number;
  readonly language?: string;
  readonly skipInvalid?: true;
  readonly heldOutFraction: number;
  readonly heldOut?: true;
  /** Where the entity vocabulary is; absent: it is made of the mentions, if there are any. */
  readonly entityVocab?: string;
  /** For a vocabulary that is made. */
  readonly entityVocabSize?: number;
  /** For a vocabulary that is made. */
  readonly minCount?: number;
}

/** Arguments and options of the commands that build data sets of files. */
export const FILE_DATASET: {
  /** Adds them to a command. */
  addTo(command: Command): Command;
  /** Builds the data set that the arguments name: files, the tokenizer, last the output. */
  build(
    paths: readonly string[],
    given: FileDatasetOptions,
    hasMentions: boolean,
    options: DatasetBuildOptions,
    reporter: Reporter,
  ): Promise<void>;
} = {
  addTo(command) {
    command.usage("[options] <FILE...> <TOKENIZER> <OUT_DIR>")
      .argument(
        "<FILE... TOKENIZER OUT_DIR...>",
        "files, the tokenizer (a path or a name of the model hub), and last the dataset directory",
      )
      .option("--max-num-documents <n>", "use so many documents, the first ones", wholeNumber(1))
      .option("--skip-invalid", "leave out lines that cannot be used, and count them")
      .option(
        "--held-out-fraction <x>",
        "share of the documents, by id or text, that is left out",
        numberBetween(0, 0.99),
        0,
      )
      .option("--held-out", "take the held-out documents instead of the others");
    HUB_OPTIONS.addTo(command);
    return command;
  },
  async build(paths, given, hasMentions, options, reporter) {
    const [output, tokenizer] = [paths.at(-1), paths.at(-2)];
    const files = paths.slice(0, -2);
    if (output === undefined || tokenizer === undefined || files.length === 0) {
      throw new UserError(
        `${paths.join(" ")}: name the files, the tokenizer and, last, the directory to write`,
      );
    }
    const fetched = await HUB_OPTIONS.fetch(tokenizer, given, reporter, "tokenizer");
    const request = { files, tokenizer: fetched.path, given, hasMentions, options };
    const notices = new Set<string>();
    await runOrCompare(output, (path) => fileDatasetStage(request, path, notices), sameDataset, reporter);
    for (const notice of notices) reporter.line(notice);
  },
};

interface FileDatasetRequest {
  readonly files: readonly string[];
  readonly tokenizer: string;
  readonly given: FileDatasetOptions;
  readonly hasMentions: boolean;
  readonly options: DatasetBuildOptions;
}

/** Files → dataset directory. @param notices takes what is to be said beside the result. */
function fileDatasetStage(request: FileDatasetRequest, output: string, notices: Set<string>): Stage {
  const { tokenizer, given: { heldOut = false }, options } = request;
  return {
    name: heldOut ? "held-out dataset" : "dataset",
    unit: "MB",
    output,
    async make(progress) {
      const documents = documentsOf(request, heldOut);
      const opened = await openTokenizer(tokenizer); // before a vocabulary is counted, so that a mistake shows at once
      const vocab = await vocabOf(request, progress);
      const made = await madeDataset(documents, opened, vocab, output, {
        ...options,
        progress: (done, total) => progress(done / 1e6, total === undefined ? undefined : total / 1e6),
      });
      const { skippedLines, firstSkipped } = documents;
      if (firstSkipped !== undefined) {
        notices.add(`--skip-invalid left out ${quantity(skippedLines)} lines, first ${firstSkipped}`);
      }
      return `${made}${request.hasMentions ? `; ${quantity(vocab.size)} entities in the vocabulary` : ""}`;
    },
  };
}

function documentsOf({ files, given, hasMentions }: FileDatasetRequest, heldOut: boolean): FileDocuments {
  const { heldOutFraction, language, maxNumDocuments, skipInvalid = false } = given;
  const side = heldOut ? "held-out" : "training";
  return new FileDocuments(files, {
    ...{ hasMentions, skipInvalid },
    ...(language !== undefined && { language }),
    ...(maxNumDocuments !== undefined && { maxNumDocuments }),
    ...(heldOutFraction > 0 && {
      filter: (key: string) => isHeldOut(key, heldOutFraction) === heldOut,
      filterDescription: `${side} documents, held-out fraction ${heldOutFraction}`,
    }),
  });
}

/** The vocabulary that was named, else one of the training documents' mentions; only special entities where there are none. */
function vocabOf(
  request: FileDatasetRequest,
  progress: ProgressCallback,
): EntityVocab | Promise<EntityVocab> {
  const { given: { entityVocab, entityVocabSize = 1_000_000, minCount = 1 }, hasMentions } = request;
  if (entityVocab !== undefined) return openEntityVocab(entityVocab);
  if (!hasMentions) {
    return new EntityVocab(
      SPECIAL_ENTITIES.map((title, id) => ({ id, entities: [[title, null]] as const, count: 0 })),
    );
  }
  return mentionVocab(documentsOf(request, false), {
    vocabSize: entityVocabSize,
    minCount,
    progress: (done, total) =>
      progress(done / 1e6, total === undefined ? undefined : total / 1e6, "counting mentions"),
  });
}
