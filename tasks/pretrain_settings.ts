import { UserError } from "@lukeforge/corpus";
import type { BlasChoice, DeviceKind, Format } from "@lukeforge/model";
import {
  type LanguageModelingOptions,
  type MaskingOptions,
  resolveMaskingOptions,
  type ScheduleName,
} from "@lukeforge/train";
import { optionOf } from "./name_case.ts";

/** Whose rules words are masked by. */
export const MASKINGS = ["luke", "huggingface"] as const;

/** What `pretrain` can be told, with a value for everything. Names are those of the options in camel case. */
export interface PretrainSettings {
  /** Captions of pictures are paragraphs. */
  readonly includeCaptions: boolean;
  /** Cells and captions of tables are paragraphs. */
  readonly includeTables: boolean;
  /** File of lines that say what more templates show; `null`: none. */
  readonly templateTexts: string | null;
  /** Tokenizer directory or file, or a repository of the model hub; `null` trains one. */
  readonly tokenizer: string | null;
  /** Branch, tag or commit of what is taken from the model hub; `null`: main. */
  readonly revision: string | null;
  /** Entity vocabulary to use; `null` counts one, or takes that of the LUKE to start from. */
  readonly entityVocab: string | null;
  /** Words of a trained tokenizer. */
  readonly vocabSize: number;
  /** Entities at most, the three special ones included. */
  readonly entityVocabSize: number;
  /** Links that an entity needs. */
  readonly minCount: number;
  /** Share of the pages kept for evaluation. */
  readonly heldOutFraction: number;
  /** A locale, `icu` or `opennlp`. */
  readonly sentenceSplitter: string;
  /** Words of an item, `[CLS]` and `[SEP]` included. */
  readonly maxSeqLength: number;
  /** Entities of an item. */
  readonly maxEntityLength: number;
  /** Words of a mention. */
  readonly maxMentionLength: number;
  /** Shorter sentences are left out. */
  readonly minSentenceLength: number;
  /** Keeps sentences without entities. */
  readonly includeSentencesWithoutEntities: boolean;

  /** BERT, RoBERTa or XLM-R whose words the run starts from; its entities are new. `null`: from random weights. */
  readonly bertModelName: string | null;
  /** Weights for `bertModelName` in the place of its own. */
  readonly resumeHfCheckpointFile: string | null;
  /** LUKE that the run starts from, entities too. */
  readonly modelFile: string | null;
  /** How word positions count; `null`: as the tokenizer's kind. */
  readonly modelType: "bert" | "roberta" | null;
  /** Encoder layers. */
  readonly numLayers: number;
  /** Width of the encoder. */
  readonly hiddenSize: number;
  /** Attention heads; divides the hidden size. */
  readonly numAttentionHeads: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  /** Width of the entity table. */
  readonly entityEmbSize: number;
  /** Dropout of hidden states and of attention probabilities. */
  readonly dropout: number;

  /** Items of an update. */
  readonly batchSize: number;
  /** Micro-steps of an update; `null` while the micro-batch size says it. */
  readonly gradientAccumulationSteps: number | null;
  /** Items of a micro-step; `null` while the accumulation steps say it. */
  readonly microBatchSize: number | null;
  /** Keeps only the inputs of the encoder layers for the reverse pass and computes the rest again. */
  readonly recompute: boolean;
  /** The peak. */
  readonly learningRate: number;
  /** Course of the learning rate. */
  readonly lrSchedule: ScheduleName;
  /** `null`: by proportion. */
  readonly warmupSteps: number | null;
  /** Share of the updates until the peak, where no number is given. */
  readonly warmupProportion: number;
  /** `null`: by epochs. */
  readonly maxSteps: number | null;
  /** `null`: by steps. */
  readonly numEpochs: number | null;
  /** Decay of AdamW's first moment. */
  readonly adamB1: number;
  /** Decay of AdamW's second moment. */
  readonly adamB2: number;
  /** AdamW's epsilon. */
  readonly adamEps: number;
  /** Corrects AdamW's bias; LUKE does not. */
  readonly adamBiasCorrection: boolean;
  /** AdamW's weight decay; not of biases and layer norms. */
  readonly weightDecay: number;
  /** 0: no clipping. */
  readonly maxGradNorm: number;

  /** LUKE's masking, or that of Hugging Face's collator for language modeling, which is for words only. */
  readonly masking: "luke" | "huggingface";
  /** Share of the words to predict. */
  readonly maskedLmProb: number;
  /** Share of the entities to predict. */
  readonly maskedEntityProb: number;
  /** Masks all parts of a word together. */
  readonly wholeWordMasking: boolean;
  /** Knows the words of XLM-R tokens by their mark. */
  readonly xlmRWholeWords: boolean;
  /** Of the words to predict, the share left as it is. */
  readonly unmaskedWordProb: number;
  /** Of the words to predict, the share replaced at random. */
  readonly randomWordProb: number;
  /** Of the entities to predict, the share left as it is. */
  readonly unmaskedEntityProb: number;
  /** Of the entities to predict, the share replaced at random. */
  readonly randomEntityProb: number;
  /** Also masks the words of entities to predict. */
  readonly maskWordsInEntitySpan: boolean;

  /** Leaves the entities out of the network and of its items. */
  readonly wordOnlyTraining: boolean;

  /** Exponent of the sizes of several datasets; 1: as large as they are, 0: all alike. */
  readonly samplingSmoothing: number;
  /** Puts items of similar length into a micro-batch. */
  readonly groupByLength: boolean;
  /** Puts several items of a micro-batch into a row. */
  readonly pack: boolean;
  /** Words of such a row; `null`: those of the longest item. */
  readonly packLength: number | null;

  /** Seed of weights, order, masks and dropout. */
  readonly seed: number;
  /** What to compute on. */
  readonly device: DeviceKind;
  /** What computes products on the cpu device. */
  readonly blas: BlasChoice;
  /** What operands of linear layers are rounded to; sums and weights stay f32. */
  readonly precision: Format;
  /** A checkpoint every so many updates; 0: at the end only. */
  readonly saveSteps: number;
  /** A line of metrics every so many updates. */
  readonly loggingSteps: number;
}

/** Settings that shape a corpus; a dataset built before brings its own. */
const OF_THE_CORPUS = [
  "includeCaptions",
  "includeTables",
  "templateTexts",
  "tokenizer",
  "entityVocab",
  "vocabSize",
  "entityVocabSize",
  "minCount",
  "heldOutFraction",
  "sentenceSplitter",
  "maxSeqLength",
  "maxEntityLength",
  "maxMentionLength",
  "minSentenceLength",
  "includeSentencesWithoutEntities",
] as const;

/** What is given on a command line: the settings, and what a run reads and writes. */
export type GivenSettings = { readonly [Name in keyof PretrainSettings]?: PretrainSettings[Name] };

/** Settings without those of the corpus. */
export type TrainingSettings = Omit<PretrainSettings, typeof OF_THE_CORPUS[number]>;

/**
 * Fills in the defaults and settles what two options say together: the micro-batch size, and steps or epochs.
 *
 * @throws {UserError} when options contradict each other.
 */
export function resolveSettings(given: GivenSettings, defaults: PretrainSettings): PretrainSettings {
  const settings = { ...defaults, ...given };
  const { batchSize } = settings;
  const accumulation = given.gradientAccumulationSteps ??
    (given.microBatchSize === undefined || given.microBatchSize === null
      ? 1
      : batchSize / given.microBatchSize);
  const micro = given.microBatchSize ?? batchSize / accumulation;
  if (!Number.isInteger(micro) || !Number.isInteger(accumulation) || micro * accumulation !== batchSize) {
    throw new UserError(
      `--batch-size ${batchSize}: is not micro-batch size (${micro}) times gradient accumulation steps (${accumulation}); change one of them`,
    );
  }
  const { maxSteps, numEpochs } = given;
  if (maxSteps !== undefined && numEpochs !== undefined) {
    throw new UserError("--max-steps and --num-epochs: both say how long to train; give one of them");
  }
  const wholeWords = [given.wholeWordMasking && "wholeWordMasking", given.xlmRWholeWords && "xlmRWholeWords"]
    .find((name) => name);
  if (wholeWords && settings.masking === "huggingface") {
    throw new UserError(
      `--masking huggingface and ${
        optionOf(wholeWords)
      }: exclude each other, its rules mask each token for itself; give one of them`,
    );
  }
  check(settings);
  return {
    ...settings,
    maxSteps: numEpochs === undefined ? settings.maxSteps : null,
    microBatchSize: micro,
    gradientAccumulationSteps: accumulation,
  };
}

/** Finds before the first stage what would fail in a later one. */
function check(settings: PretrainSettings): void {
  const { hiddenSize, numAttentionHeads, minSentenceLength, maxSeqLength, warmupSteps, maxSteps } = settings;
  if (hiddenSize % numAttentionHeads !== 0) {
    throw new UserError(
      `--num-attention-heads ${numAttentionHeads}: does not divide --hidden-size ${hiddenSize}; change one of them`,
    );
  }
  if (minSentenceLength > maxSeqLength - 2) {
    throw new UserError(
      `--min-sentence-length ${minSentenceLength}: no sentence is that long and within --max-seq-length ${maxSeqLength}; lower it`,
    );
  }
  if (warmupSteps !== null && maxSteps !== null && warmupSteps > 0 && warmupSteps >= maxSteps) {
    throw new UserError(
      `--warmup-steps ${warmupSteps}: the run has only ${maxSteps} steps; give fewer warm-up steps or train for longer`,
    );
  }
  if (settings.pack && settings.groupByLength) {
    throw new UserError(
      "--pack and --group-by-length: exclude each other, long rows are filled with short items; give one",
    );
  }
  if (settings.packLength !== null && !settings.pack) {
    throw new UserError(`--pack-length ${settings.packLength}: goes with --pack; give both`);
  }
  if (settings.xlmRWholeWords && !settings.wholeWordMasking) {
    throw new UserError("--xlm-r-whole-words and --subword-masking: exclude each other; give one of them");
  }
  const { maskedLmProb, maskedEntityProb, wordOnlyTraining } = settings;
  if (maskedLmProb === 0 && (maskedEntityProb === 0 || wordOnlyTraining)) {
    throw new UserError(
      `--masked-lm-prob 0${
        wordOnlyTraining ? "" : " and --masked-entity-prob 0"
      }: leaves nothing to learn; raise ${wordOnlyTraining ? "it" : "one of them"}`,
    );
  }
  resolveMaskingOptions(maskingOptions(settings));
}

/** Holds that the entities of the data are masked or left out. @throws {UserError} when the rules know none. */
export function checkMasksEntities({ masking, wordOnlyTraining }: TrainingSettings): void {
  if (masking !== "huggingface" || wordOnlyTraining) return;
  throw new UserError("--masking huggingface: masks words only; give --word-only-training, too");
}

/** The masking part of the settings; a network without entities gets none. */
export function maskingOptions(
  settings: TrainingSettings,
  network?: { readonly entityVocabSize: number },
): MaskingOptions {
  return {
    maskedLmProb: settings.maskedLmProb,
    maskedEntityProb: settings.maskedEntityProb,
    wholeWordMasking: settings.wholeWordMasking && settings.masking !== "huggingface",
    unmaskedWordProb: settings.unmaskedWordProb,
    randomWordProb: settings.randomWordProb,
    unmaskedEntityProb: settings.unmaskedEntityProb,
    randomEntityProb: settings.randomEntityProb,
    maskWordsInEntitySpan: settings.maskWordsInEntitySpan,
    wordOnlyTraining: settings.wordOnlyTraining || network?.entityVocabSize === 0,
  };
}

/** The masking part of the settings for Hugging Face's collator. */
export function languageModelingOptions(
  { maskedLmProb, unmaskedWordProb, randomWordProb }: TrainingSettings,
): LanguageModelingOptions {
  return {
    mlmProbability: maskedLmProb,
    maskReplaceProb: 1 - unmaskedWordProb - randomWordProb,
    randomReplaceProb: randomWordProb,
  };
}

/**
 * The settings of a run on a dataset built before.
 *
 * @throws {UserError} when a given option is one of the dataset's.
 */
export function withoutCorpusSettings(given: GivenSettings, settings: PretrainSettings): TrainingSettings {
  const own: Partial<PretrainSettings> = { ...settings };
  for (const name of OF_THE_CORPUS) {
    if (given[name] !== undefined) {
      throw new UserError(
        `${optionOf(name)}: is settled by the dataset; leave it out, or build another dataset`,
      );
    }
    delete (own as Record<string, unknown>)[name];
  }
  return own as TrainingSettings;
}
