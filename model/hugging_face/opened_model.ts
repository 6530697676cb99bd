import type { LukeConfig } from "../luke_config.ts";
import type { StoredTensor, StoredWeights } from "../weights/stored_tensor.ts";

/** `model_type` of the configurations that can be opened. mLUKE is a LUKE, too. */
export const MODEL_TYPES = ["bert", "roberta", "xlm-roberta", "luke"] as const;

/** One of {@linkcode MODEL_TYPES}. */
export type ModelType = (typeof MODEL_TYPES)[number];

/** What of a file's tensors goes with a network, and what does not. */
export interface WeightsReport {
  /** Names that the network has and the file has not. */
  readonly missing: readonly string[];
  /** Names in the file that nothing here knows. */
  readonly unexpected: readonly string[];
  /** Tensors of another shape than the configuration says. */
  readonly misshapen: readonly {
    readonly name: string;
    readonly found: readonly number[];
    readonly expected: readonly number[];
  }[];
  /** Names in the file that are known and not needed: poolers, the next sentence head, position buffers, tied copies. */
  readonly ignored: readonly string[];
  /** What a user should know, a sentence each: a decoder that is not tied, a head that is absent, … */
  readonly notices: readonly string[];
}

/** A model as Hugging Face or LUKE's own repository stores it, open for reading; nothing but headers is in memory. */
export interface OpenedModel extends Disposable {
  /** The directory or file. */
  readonly path: string;
  /** By `config.model_type`, never by name. */
  readonly modelType: ModelType;
  /** The fields of `config.json` (or of `metadata.json`'s `model_config`) as they stand. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The network that the configuration describes; without entities for BERT, RoBERTa and XLM-R. */
  readonly config: LukeConfig;
  /** How the weights are stored, for people. */
  readonly format: string;
  /** The network's tensors under the names of {@linkcode lukeParameters}, whatever the file calls them. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The file's own tensors under the file's names, those that are not needed, too. */
  readonly weights: StoredWeights;
  /** The entity vocabulary beside the configuration, if there is one. */
  readonly entityVocabPath?: string;
  /** The directory of the tokenizer's files, if there are any. */
  readonly tokenizerPath?: string;
  /** What does not match. */
  readonly report: WeightsReport;
}
