import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import {
  type BlasChoice,
  type Device,
  type DeviceKind,
  isHead,
  loadModel,
  type LukeConfig,
  type LukeNetwork,
  openDevice,
  type OpenedModel,
  openModel,
} from "@lukeforge/model";
import { EntityVocab, openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import { inferenceCapacities, type InferenceLimits, MOST_MENTIONS } from "./inference_capacities.ts";

/** How {@linkcode InferenceModel.open} opens a model. */
export interface OpenInferenceOptions {
  /** What computes: a kind of device, `auto` unless told, or one that is open, which then stays open. */
  readonly device?: DeviceKind | Device;
  /** Threads of the cpu device. */
  readonly threads?: number;
  /** What computes products on the cpu device. */
  readonly blas?: BlasChoice;
}

/** Most words of a mention where nothing is said: transformers' default. */
const DEFAULT_MENTION_LENGTH = 30;

/**
 * A model with its tokenizer and, for LUKE, its entity vocabulary, ready to answer. Plans are made for the lengths that are asked for
 * and kept, so that a second text of a similar length costs only its arithmetic.
 */
export class InferenceModel implements AsyncDisposable {
  /** The directory or file. */
  readonly path: string;
  /** Shape of the network. */
  readonly config: LukeConfig;
  /** Splits text into words. */
  readonly tokenizer: Tokenizer;
  /** The network. */
  readonly network: LukeNetwork;
  /** The largest inputs. */
  readonly limits: InferenceLimits;
  /** What a user should know about the files, a sentence each. */
  readonly notices: readonly string[];

  readonly #missing: readonly string[];
  readonly #entityVocabPath: string | undefined;
  readonly #ownDevice: Device | undefined;
  #entityVocab: EntityVocab | undefined;

  private constructor(
    opened: OpenedModel,
    tokenizer: Tokenizer,
    limits: InferenceLimits,
    network: LukeNetwork,
    ownDevice: Device | undefined,
  ) {
    this.path = opened.path;
    this.config = opened.config;
    this.tokenizer = tokenizer;
    this.network = network;
    this.limits = limits;
    this.notices = noticesOf(opened);
    this.#missing = opened.report.missing;
    this.#entityVocabPath = opened.entityVocabPath;
    this.#ownDevice = ownDevice;
  }

  /**
   * Opens a model: a directory of Hugging Face transformers or of LUKE's own repository, with its tokenizer. A model without heads
   * opens, too: it has hidden states.
   *
   * @throws {UserError} when the tokenizer is missing or malformed.
   * @throws {WeightsError} when the weights cannot be read or are not those of the configuration.
   * @throws {DeviceError} when there is no such device or the model does not fit.
   */
  static async open(
    path: string,
    { device = "auto", ...deviceOptions }: OpenInferenceOptions = {},
  ): Promise<InferenceModel> {
    using opened = openModel(path);
    if (opened.tokenizerPath === undefined) {
      throw new UserError(`${path}: has no tokenizer; copy its files (tokenizer.json or older ones) there`);
    }
    const tokenizer = await openTokenizer(opened.tokenizerPath);
    const limits = limitsOf(opened, opened.tokenizerPath);
    const isOwn = typeof device === "string";
    const used = isOwn ? await openDevice(device, deviceOptions) : device;
    try {
      const network = await loadModel(used, opened, {
        capacities: inferenceCapacities(limits),
        fresh: isHead,
        ignoreUnexpected: true,
      });
      return new InferenceModel(opened, tokenizer, limits, network, isOwn ? used : undefined);
    } catch (error) {
      if (isOwn) used.destroy();
      throw error;
    }
  }

  /** The entities that the network knows, read when first asked for. @throws {UserError} when there are none, or they do not fit. */
  get entityVocab(): EntityVocab {
    if (this.#entityVocab !== undefined) return this.#entityVocab;
    const { entityVocabSize } = this.config;
    if (entityVocabSize === 0) {
      throw new UserError(`${this.path}: is a model of words only; entities need a LUKE model`);
    }
    if (this.#entityVocabPath === undefined) {
      throw new UserError(
        `${this.path}: has no entity vocabulary; copy its entity_vocab.json (or .jsonl, .tsv) there`,
      );
    }
    const vocab = EntityVocab.load(this.#entityVocabPath);
    if (vocab.size > entityVocabSize) {
      throw new UserError(
        `${this.#entityVocabPath}: holds ${vocab.size} entities, the network ${entityVocabSize}; take the vocabulary of the model`,
      );
    }
    return this.#entityVocab = vocab;
  }

  /** Makes sure that words can be predicted. @throws {UserError} when the file holds no head that does. */
  requireWordHead(): void {
    this.#requireHead("lm_head.", "words");
  }

  /** Makes sure that entities can be predicted. @throws {UserError} when the file holds no head that does. */
  requireEntityHead(): void {
    if (this.config.entityVocabSize > 0) this.#requireHead("entity_predictions.", "entities");
  }

  #requireHead(prefix: string, what: string): void {
    const absent = this.#missing.filter((name) => name.startsWith(prefix));
    if (absent.length === 0) return;
    throw new UserError(
      `${this.path}: has no head that predicts ${what} (${absent.join(", ")} missing); it can only embed`,
    );
  }

  /** Frees what the network holds, and the device where it was opened here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    this.#ownDevice?.destroy();
  }
}

function noticesOf({ report }: OpenedModel): string[] {
  const { unexpected } = report;
  const passedOver = unexpected.length > 0
    ? [
      `${unexpected.length} tensors of the file are not used: ${unexpected.slice(0, 3).join(", ")}${
        unexpected.length > 3 ? ", …" : ""
      }`,
    ]
    : [];
  return [...report.notices, ...passedOver];
}

function limitsOf({ config, settings }: OpenedModel, tokenizerPath: string): InferenceLimits {
  const firstPosition = config.baseModelType === "roberta" ? config.padTokenId + 1 : 0;
  const said = tokenizerSettings(tokenizerPath).max_mention_length ?? settings.max_mention_length;
  return {
    words: config.maxPositionEmbeddings - firstPosition,
    mentionLength: Number.isInteger(said) && Number(said) > 0 ? Number(said) : DEFAULT_MENTION_LENGTH,
    entities: config.entityVocabSize === 0 ? 0 : MOST_MENTIONS,
  };
}

/** `tokenizer_config.json`, which {@linkcode openTokenizer} has found to be an object where it is there. */
function tokenizerSettings(directory: string): Record<string, unknown> {
  const path = join(directory, "tokenizer_config.json");
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return {};
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}
