import type { Command } from "commander";
import { BLAS_CHOICES, DEVICE_KINDS, FORMATS } from "@lukeforge/model";
import { SCHEDULES } from "@lukeforge/train";
import { byteCount, languageCode, numberBetween, oneOf, repeated, wholeNumber } from "./option_values.ts";
import { PAGE_OPTIONS } from "./page_options.ts";
import { optionOf } from "./name_case.ts";
import { CORPUS_DEFAULTS, SAMPLE_DEFAULTS } from "./pretrain_defaults.ts";
import { MASKINGS, type PretrainSettings } from "./pretrain_settings.ts";

/** Adds the options of `pretrain`, in groups. */
export function addPretrainOptions(command: Command): void {
  for (const add of GROUPS) add(command);
}

const GROUPS: readonly ((command: Command) => void)[] = [
  addInput,
  addCorpus,
  addPretrainedModel,
  addShape,
  addTraining,
  addBatches,
  addMasking,
  addDevice,
];

function addInput(command: Command): void {
  command.optionsGroup("Input and output:")
    .option("--dump <file>", "pages-articles dump: .xml, .xml.bz2, .xml.gz")
    .option("--language <code>", "language of the dump (default: the dump's own)", languageCode)
    .option(
      "--dataset-dir <dir>",
      "dataset of build-wikipedia-pretraining-dataset; several by repetition, a pattern, or commas, see --sampling-smoothing",
      repeated,
    )
    .option(
      "--held-out-dataset-dir <dir>",
      "dataset to evaluate on, with --dataset-dir; likewise several",
      repeated,
    )
    .option("--multilingual", "upstream's word for several datasets; changes nothing")
    .option(
      "--output-dir <dir>",
      "run directory; --dataset-dir needs one (default: runs/sample, runs/NAME for the dump NAME.xml.bz2)",
    );

  setting(
    command,
    "revision",
    "<name>",
    "branch, tag or commit of what is taken from the model hub",
    undefined,
    "main",
  );
  command.option(
    "--cache-dir <dir>",
    "where downloads are kept (default: Hugging Face's cache, see HF_HOME)",
  );
}

function addCorpus(command: Command): void {
  command.optionsGroup("Corpus (not with --dataset-dir):");
  PAGE_OPTIONS.addTo(command);
  setting(
    command,
    "tokenizer",
    "<name-or-path>",
    "tokenizer to use: directory, tokenizer.json, vocab.txt or vocab.json, or a name of the model hub (roberta-base)",
    undefined,
    "trained",
  );
  setting(
    command,
    "entityVocab",
    "<path>",
    "entity vocabulary to use: a file or a model's directory",
    undefined,
    "counted, or that of --model-file",
  );
  setting(command, "vocabSize", "<n>", "word pieces of the trained tokenizer", wholeNumber(6));
  setting(command, "entityVocabSize", "<n>", "entities at most", wholeNumber(4));
  setting(command, "minCount", "<n>", "links that an entity needs", wholeNumber(0));
  setting(
    command,
    "heldOutFraction",
    "<x>",
    "share of the pages kept out of training; 0: no evaluation",
    numberBetween(0, 0.9),
  );
  setting(command, "sentenceSplitter", "<name>", "a locale, icu (that of the corpus), or opennlp");
  setting(command, "maxSeqLength", "<n>", "words of an item, [CLS] and [SEP] included", wholeNumber(3));
  setting(command, "maxEntityLength", "<n>", "entities of an item", wholeNumber(1));
  setting(command, "maxMentionLength", "<n>", "words of a mention", wholeNumber(1));
  setting(command, "minSentenceLength", "<n>", "shorter sentences are left out", wholeNumber(1));
  flag(command, "includeSentencesWithoutEntities", "keep sentences without entities");
}

function addPretrainedModel(command: Command): void {
  command.optionsGroup("Network, from a pretrained model:");
  setting(
    command,
    "bertModelName",
    "<name>",
    "BERT, RoBERTa or XLM-R to start the words from: its shape, tokenizer and weights; entities are new",
    undefined,
    "random weights",
  );
  setting(
    command,
    "resumeHfCheckpointFile",
    "<file>",
    "weights of the words in the place of the base model's own",
    undefined,
    "its own",
  );
  setting(
    command,
    "modelFile",
    "<path>",
    "LUKE to start from, words and entities: a Hugging Face directory (a run's model/), a checkpoint or archive of LUKE's own repository",
    undefined,
    "none",
  );
}

function addShape(command: Command): void {
  command.optionsGroup("Network, from random weights:");
  setting(
    command,
    "modelType",
    "<type>",
    "positions and layer norm of bert or roberta",
    oneOf(["bert", "roberta"]),
    "the tokenizer's",
  );
  setting(command, "numLayers", "<n>", "encoder layers", wholeNumber(1));
  setting(command, "hiddenSize", "<n>", "width of the encoder", wholeNumber(1));
  setting(command, "numAttentionHeads", "<n>", "attention heads; divides the hidden size", wholeNumber(1));
  setting(command, "intermediateSize", "<n>", "width of the feed-forward layer", wholeNumber(1));
  setting(command, "entityEmbSize", "<n>", "width of the entity table", wholeNumber(1));
  setting(command, "dropout", "<p>", "dropout of hidden states and attention", numberBetween(0, 0.99));
}

function addTraining(command: Command): void {
  command.optionsGroup("Training:");
  setting(command, "batchSize", "<n>", "items of an update", wholeNumber(1));
  setting(
    command,
    "microBatchSize",
    "<n>",
    "items that are computed at once",
    wholeNumber(1),
    "the batch size",
  );
  setting(command, "gradientAccumulationSteps", "<n>", "micro-batches of an update", wholeNumber(1), "1");
  flag(
    command,
    "recompute",
    "keep only the inputs of the layers, compute the rest again for gradients: less memory, more time, same bits",
  );
  setting(command, "learningRate", "<x>", "the peak", numberBetween(0, Infinity));
  setting(command, "lrSchedule", "<name>", SCHEDULES.join(", "), oneOf(SCHEDULES));
  setting(command, "warmupSteps", "<n>", "updates until the peak", wholeNumber(0), "by proportion");
  setting(command, "warmupProportion", "<x>", "share of the updates until the peak", numberBetween(0, 1));
  setting(command, "maxSteps", "<n>", "updates", wholeNumber(1));
  setting(
    command,
    "numEpochs",
    "<x>",
    "passes over the data, instead of --max-steps",
    numberBetween(0, Infinity),
    "by steps",
  );
  setting(command, "adamB1", "<x>", "decay of AdamW's first moment", numberBetween(0, 1));
  setting(command, "adamB2", "<x>", "decay of AdamW's second moment", numberBetween(0, 1));
  setting(command, "adamEps", "<x>", "AdamW's epsilon", numberBetween(0, 1));
  flag(command, "adamBiasCorrection", "correct AdamW's bias (LUKE does not)");
  setting(command, "weightDecay", "<x>", "AdamW's weight decay", numberBetween(0, Infinity));
  setting(
    command,
    "maxGradNorm",
    "<x>",
    "gradients are clipped to this norm; 0: never",
    numberBetween(0, Infinity),
  );
  setting(command, "seed", "<n>", "seed of weights, order, masks and dropout", wholeNumber(0));
}

function addBatches(command: Command): void {
  command.optionsGroup("Batches:");
  setting(
    command,
    "samplingSmoothing",
    "<x>",
    "of several datasets, each is drawn by its size to this power: 1 as large as they are, 0 all alike",
    numberBetween(0, 1),
  );
  flag(
    command,
    "groupByLength",
    "items of similar length in a micro-batch: less padding, of an update the same items where it has several micro-batches",
  );
  flag(
    command,
    "pack",
    "items of a micro-batch side by side in fewer rows, without attending to each other: the same losses, less padding",
  );
  setting(command, "packLength", "<n>", "words of such a row", wholeNumber(1), "those of the longest item");
  command.option(
    "--data-workers <n>",
    "threads that prepare batches, 0: the training's own; results do not depend on them (default: 2 with a GPU, else 0)",
    wholeNumber(0),
  );
  command.option(
    "--data-prefetch <n>",
    "micro-batches that each of these threads makes ahead (default: 4)",
    wholeNumber(1),
  );
}

function addMasking(command: Command): void {
  command.optionsGroup("Masking:");
  setting(
    command,
    "masking",
    "<rules>",
    "luke, or huggingface for words only: each token for itself, as DataCollatorForLanguageModeling",
    oneOf(MASKINGS),
  );
  setting(command, "maskedLmProb", "<p>", "share of words to predict; 0: none", numberBetween(0, 1));
  setting(command, "maskedEntityProb", "<p>", "share of entities to predict; 0: none", numberBetween(0, 1));
  flag(
    command,
    "wordOnlyTraining",
    "no entities: a network of words only, exported as BERT, RoBERTa or XLM-R",
  );
  command.option("--whole-word-masking", "mask all parts of a word together (default)")
    .option("--subword-masking", "mask parts of words each for itself");
  flag(
    command,
    "xlmRWholeWords",
    "whole words of XLM-R too, by the mark ▁ (upstream masks its subwords)",
  );
  setting(
    command,
    "unmaskedWordProb",
    "<p>",
    "of the words to predict, the share left as it is",
    numberBetween(0, 1),
  );
  setting(
    command,
    "randomWordProb",
    "<p>",
    "of the words to predict, the share replaced at random",
    numberBetween(0, 1),
  );
  setting(command, "unmaskedEntityProb", "<p>", "likewise for entities", numberBetween(0, 1));
  setting(command, "randomEntityProb", "<p>", "likewise for entities", numberBetween(0, 1));
  flag(command, "maskWordsInEntitySpan", "also mask the words of entities to predict");
}

function addDevice(command: Command): void {
  command.optionsGroup("Device and records:");
  setting(
    command,
    "device",
    "<kind>",
    "auto (a GPU, else cpu), cpu, webgpu, dawn (npm's webgpu)",
    oneOf(DEVICE_KINDS),
  );
  setting(
    command,
    "blas",
    "<choice>",
    "products on the cpu device: auto (the system's OpenBLAS where there is one), wasm, system",
    oneOf(BLAS_CHOICES),
  );
  setting(
    command,
    "precision",
    "<format>",
    "f32, f16 (with a loss scale) or bf16: what factors are rounded to; sums and weights stay f32",
    oneOf(FORMATS),
  );
  command.option(
    "--threads <n>",
    "threads of the cpu device; results do not depend on them (default: all cores)",
    wholeNumber(1),
  );
  command.option(
    "--device-memory <bytes>",
    "memory that training may take, such as 24GiB (default: what is free, where that is known)",
    byteCount,
  );
  setting(
    command,
    "saveSteps",
    "<n>",
    "a checkpoint every so many updates; 0: at the end only",
    wholeNumber(0),
  );
  setting(command, "loggingSteps", "<n>", "a line of metrics every so many updates", wholeNumber(1));
}

type Name = keyof PretrainSettings;

/** Adds an option with a value; its default is shown, not set, since it depends on the input. */
function setting(
  command: Command,
  name: Name,
  placeholder: string,
  description: string,
  parse?: (text: string) => unknown,
  shownDefault = defaults(name),
): void {
  const text = `${description} (default: ${shownDefault})`;
  if (parse === undefined) command.option(`${optionOf(name)} ${placeholder}`, text);
  else command.option(`${optionOf(name)} ${placeholder}`, text, parse);
}

function flag(command: Command, name: Name, description: string): void {
  command.option(optionOf(name), `${description} (default: off)`);
}

function defaults(name: Name): string {
  const sample = String(SAMPLE_DEFAULTS[name]), corpus = String(CORPUS_DEFAULTS[name]);
  return sample === corpus ? sample : `${sample}, ${corpus}`;
}
