import { collate } from "@lukeforge/train";
import type { EncodedInput } from "./encode_input.ts";
import { MOST_PLACES } from "./inference_capacities.ts";
import type { InferenceModel } from "./inference_model.ts";
import { lengthBatches } from "./length_batches.ts";

/** A text and the places in it that are asked for. */
export interface PlacedInput {
  readonly encoded: EncodedInput;
  /** Positions of words, or indices of entities. */
  readonly places: readonly number[];
}

/**
 * Runs inputs, those of similar length together, and hands over the logits of each place. The places of an input come in their order;
 * the inputs in any. A text with more places than a batch takes is run several times.
 */
export async function logitsOfPlaces(
  { network, config, limits }: InferenceModel,
  head: "words" | "entities",
  inputs: readonly PlacedInput[],
  take: (input: number, logits: Float32Array) => void,
): Promise<void> {
  const requests = inputs.flatMap(({ encoded, places }, input) =>
    Array.from({ length: Math.ceil(places.length / MOST_PLACES) }, (_, i) => ({
      encoded,
      input,
      places: places.slice(i * MOST_PLACES, (i + 1) * MOST_PLACES),
    }))
  );
  const sizes = requests.map(({ encoded, places }) => ({
    words: encoded.wordIds.length,
    places: places.length,
  }));
  const ofWords = head === "words";
  const width = ofWords ? config.vocabSize : config.entityVocabSize;
  for (const indices of lengthBatches(sizes, limits)) {
    const batch = indices.flatMap((index) => requests[index] ?? []);
    const collated = collate(
      batch.map(({ encoded, places }) => ({
        ...encoded,
        maskedWordPositions: ofWords ? places : [],
        maskedWordLabels: [],
        maskedEntityIndices: ofWords ? [] : places,
        maskedEntityLabels: [],
      })),
      config.padTokenId,
    );
    const logits = ofWords ? await network.wordLogits(collated) : await network.entityLogits(collated);
    let row = 0;
    for (const { input, places } of batch) {
      for (let i = 0; i < places.length; i++) take(input, logits.subarray(row * width, ++row * width));
    }
  }
}
