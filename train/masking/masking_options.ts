import { UserError } from "@lukeforge/corpus";

/** Which words and entities are to be predicted, and what the model sees in their place. LUKE's options and defaults. */
export interface MaskingOptions {
  /** Share of the words to predict; 0: no word objective. Default 0.15. */
  readonly maskedLmProb?: number;
  /** Share of the entities to predict; 0: no entity objective. Default 0.15. */
  readonly maskedEntityProb?: number;
  /** Masks all subwords of a word or none. Default true. */
  readonly wholeWordMasking?: boolean;
  /** Of the words to predict, the share shown unchanged. Default 0.1. */
  readonly unmaskedWordProb?: number;
  /** Of the words to predict, the share replaced by a random word. Default 0.1. */
  readonly randomWordProb?: number;
  /** Of the entities to predict, the share shown unchanged. Default 0. */
  readonly unmaskedEntityProb?: number;
  /** Of the entities to predict, the share replaced by a random entity. Default 0. */
  readonly randomEntityProb?: number;
  /** Also masks the words of the mentions of the entities to predict. Default false. */
  readonly maskWordsInEntitySpan?: boolean;
  /** Leaves the entities out: pretraining of a plain language model. Default false. */
  readonly wordOnlyTraining?: boolean;
  /** `"luke"`: where the budget fits no whole word, the last two words are never the one masked instead. */
  readonly compat?: "luke";
}

/** {@linkcode MaskingOptions} with every choice made. */
export type ResolvedMaskingOptions = Required<Omit<MaskingOptions, "compat">> & { readonly compat?: "luke" };

/**
 * Fills in the defaults.
 *
 * @throws {UserError} when a probability is outside 0 … 1, or random and unmasked shares exceed 1 together.
 */
export function resolveMaskingOptions(options: MaskingOptions): ResolvedMaskingOptions {
  const resolved = {
    maskedLmProb: 0.15,
    maskedEntityProb: 0.15,
    wholeWordMasking: true,
    unmaskedWordProb: 0.1,
    randomWordProb: 0.1,
    unmaskedEntityProb: 0,
    randomEntityProb: 0,
    maskWordsInEntitySpan: false,
    wordOnlyTraining: false,
    ...options,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value === "number" && !(value >= 0 && value <= 1)) {
      throw new UserError(`${flag(name)} ${value}: must be from 0 to 1`);
    }
  }
  const { unmaskedWordProb, randomWordProb, unmaskedEntityProb, randomEntityProb } = resolved;
  if (unmaskedWordProb + randomWordProb > 1) {
    throw new UserError("--unmasked-word-prob and --random-word-prob: exceed 1 together; lower one of them");
  }
  if (unmaskedEntityProb + randomEntityProb > 1) {
    throw new UserError(
      "--unmasked-entity-prob and --random-entity-prob: exceed 1 together; lower one of them",
    );
  }
  return resolved;
}

function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
