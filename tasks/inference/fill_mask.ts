import { UserError } from "@lukeforge/corpus";
import {
  type EncodedInput,
  encodeInput,
  type EncodeOptions,
  inputName,
  type TextInput,
} from "./encode_input.ts";
import type { InferenceModel } from "./inference_model.ts";
import { knownTokens } from "./known_tokens.ts";
import { logitsOfPlaces } from "./logits_of_places.ts";
import { targetIds } from "./target_ids.ts";
import { topProbabilities } from "./top_probabilities.ts";

/** A word for a mask, with the names of Hugging Face's fill-mask pipeline. */
export interface FilledMask {
  /** Its probability among all words of the vocabulary. */
  readonly score: number;
  /** Its id. */
  readonly token: number;
  /** Its text. */
  readonly token_str: string;
  /** The text with the word in this mask's place; special tokens show only where other masks remain. */
  readonly sequence: string;
}

/** Options of {@linkcode fillMask}. */
export interface FillMaskOptions extends EncodeOptions {
  /** Words for each mask; 5 unless told. */
  readonly topK?: number;
  /** Words to choose from. One that is no token of the vocabulary stands for its first token. */
  readonly targets?: readonly string[];
  /** Takes a line about each target that is no token. */
  readonly notice?: (line: string) => void;
}

/**
 * The most probable words for each mask (`[MASK]`, `<mask>`) of each text: `result[text][mask]`, best first. Several masks of a text
 * are filled independently, as Hugging Face's pipeline does. LUKE is shown no entities unless mentions are given.
 *
 * @throws {UserError} when a text has no mask or is too long, or the model has no head for words.
 */
export async function fillMask(
  model: InferenceModel,
  texts: readonly (string | TextInput)[],
  options: FillMaskOptions = {},
): Promise<FilledMask[][][]> {
  model.requireWordHead();
  const { tokenizer, config } = model;
  const { topK = 5, targets, notice = () => {} } = options;
  const candidates = targets && targetIds(tokenizer, targets, notice).filter((id) => id < config.vocabSize);
  const asked = texts.map((text) => typeof text === "string" ? { text } : text);
  const inputs = asked.map((input, i) => {
    const encoded = encodeInput(model, input, inputName(input, i), options);
    return { encoded, places: maskPositions(model, encoded, input, i) };
  });
  const results: FilledMask[][][] = texts.map(() => []);
  await logitsOfPlaces(model, "words", inputs, (index, logits) => {
    const masks = results[index], input = inputs[index];
    if (masks === undefined || input === undefined) return;
    const { encoded: { wordIds }, places } = input;
    const position = places[masks.length] ?? 0;
    masks.push(
      topProbabilities(logits, topK, candidates).map(({ id, score }): FilledMask => ({
        score,
        token: id,
        token_str: tokenizer.decode(knownTokens(tokenizer, [id])),
        sequence: sequence(model, wordIds.with(position, id), places.length === 1),
      })),
    );
  });
  return results;
}

/** Hugging Face's pipeline's shape: the list of a text with one mask is not wrapped, nor is the answer to a single text. */
export function pipelineOutput(results: readonly FilledMask[][][]): unknown {
  const unwrapped = results.map((masks) => masks.length === 1 ? masks[0] : masks);
  return unwrapped.length === 1 ? unwrapped[0] : unwrapped;
}

function maskPositions(
  { tokenizer, limits }: InferenceModel,
  { wordIds }: EncodedInput,
  input: TextInput,
  index: number,
): number[] {
  const positions = wordIds.keys().filter((i) => wordIds[i] === tokenizer.maskId).toArray();
  if (positions.length > 0) return positions;
  const mask = tokenizer.token(tokenizer.maskId);
  const foreign = ["[MASK]", "<mask>"].find((other) => other !== mask && input.text.includes(other));
  const why = input.text.includes(mask)
    ? `its ${mask} is beyond the ${limits.words} tokens that are left of it`
    : foreign === undefined
    ? `has no ${mask}; put one where a word is to be filled in`
    : `the mask of this model is ${mask}; write it instead of ${foreign}`;
  throw new UserError(`${inputName(input, index)}: ${why}`);
}

function sequence({ tokenizer }: InferenceModel, ids: Int32Array, skipSpecialTokens: boolean): string {
  const shown = knownTokens(tokenizer, ids).filter((id) => id !== tokenizer.padId);
  return tokenizer.decode(shown, { skipSpecialTokens });
}
