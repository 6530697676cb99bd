import { collate } from "@lukeforge/train";
import {
  type EncodedInput,
  encodeInput,
  type EncodeOptions,
  inputName,
  type TextInput,
} from "./encode_input.ts";
import type { InferenceModel } from "./inference_model.ts";
import { lengthBatches } from "./length_batches.ts";

/** How the words of a text become its vector. */
export const POOLINGS = ["mean", "cls", "none"] as const;

/**
 * `mean` of the states of all tokens, `[CLS]` and `[SEP]` included, as sentence-transformers does it; `cls` the state of the first
 * token; `none` the states of all tokens.
 */
export type Pooling = (typeof POOLINGS)[number];

/** Options of {@linkcode embed}. */
export interface EmbedOptions extends EncodeOptions {
  /** `mean` unless told. */
  readonly pooling?: Pooling;
  /** Whether vectors are scaled to length 1. */
  readonly normalize?: boolean;
}

/** What a network makes of a text. */
export interface TextEmbedding {
  /** [hidden], or with pooling `none` [tokens, hidden], row by row. */
  readonly embedding: Float32Array;
  /** Token ids, `[CLS]` and `[SEP]` included. */
  readonly tokens: Int32Array;
  /** The state [hidden] of each mention's entity. */
  readonly entities: readonly Float32Array[];
}

/** Texts of a window, and words of one: what bounds the memory, whatever the length of the input. */
const WINDOW_TEXTS = 512;
const WINDOW_WORDS = 2 ** 15;

/**
 * The last hidden states of texts, in their order. With mentions, LUKE reads their entities with the words (`[MASK]` where a mention
 * names none), and there is a state for each.
 *
 * @throws {UserError} when a text is too long or a mention is not in it.
 */
export async function embed(
  model: InferenceModel,
  texts: Iterable<string | TextInput> | AsyncIterable<string | TextInput>,
  options: EmbedOptions = {},
): Promise<TextEmbedding[]> {
  return await Array.fromAsync(embedStream(model, texts, options));
}

/**
 * {@linkcode embed} for any number of texts: reads some hundreds ahead, computes those of similar length together and yields in the order
 * of the input.
 */
export async function* embedStream(
  model: InferenceModel,
  texts: Iterable<string | TextInput> | AsyncIterable<string | TextInput>,
  options: EmbedOptions = {},
): AsyncGenerator<TextEmbedding> {
  let window: EncodedInput[] = [], words = 0, index = 0;
  for await (const text of texts) {
    const input = typeof text === "string" ? { text } : text;
    const encoded = encodeInput(model, input, inputName(input, index++), options);
    window.push(encoded);
    words += encoded.wordIds.length;
    if (window.length < WINDOW_TEXTS && words < WINDOW_WORDS) continue;
    yield* await embedWindow(model, window, options);
    window = [];
    words = 0;
  }
  yield* await embedWindow(model, window, options);
}

async function embedWindow(
  model: InferenceModel,
  window: readonly EncodedInput[],
  { pooling = "mean", normalize = false }: EmbedOptions,
): Promise<TextEmbedding[]> {
  const { hiddenSize, padTokenId } = model.config;
  const found: TextEmbedding[] = [];
  const sizes = window.map(({ wordIds }) => ({ words: wordIds.length, places: 0 }));
  for (const indices of lengthBatches(sizes, model.limits)) {
    const batch = collate(
      indices.flatMap((index) => window[index] ?? []).map((input) => ({ ...input, ...NOTHING_MASKED })),
      padTokenId,
    );
    const { words, entities } = await model.network.hiddenStates(batch);
    for (const [row, index] of indices.entries()) {
      const input = window[index];
      if (input === undefined) continue;
      const rows = (states: Float32Array, width: number, count: number): Float32Array =>
        states.slice(row * width * hiddenSize, (row * width + count) * hiddenSize);
      const tokens = rows(words, batch.words, input.wordIds.length);
      const ofEntities = rows(entities, batch.entities, input.entities.length);
      const embedding = pool(tokens, hiddenSize, pooling);
      const entityStates = input.entities.map((_, i) =>
        ofEntities.slice(i * hiddenSize, (i + 1) * hiddenSize)
      );
      if (normalize) { for (const one of [embedding, ...entityStates]) scaleRows(one, hiddenSize); }
      found[index] = { embedding, tokens: input.wordIds, entities: entityStates };
    }
  }
  return found;
}

const NOTHING_MASKED = {
  maskedWordPositions: [],
  maskedWordLabels: [],
  maskedEntityIndices: [],
  maskedEntityLabels: [],
};

function pool(states: Float32Array, hidden: number, pooling: Pooling): Float32Array {
  if (pooling === "none") return states;
  if (pooling === "cls") return states.slice(0, hidden);
  const sums = new Float64Array(hidden);
  for (let i = 0; i < states.length; i++) sums[i % hidden] = (sums[i % hidden] ?? 0) + (states[i] ?? 0);
  return Float32Array.from(sums, (sum) => sum / (states.length / hidden));
}

/** Scales each row to length 1; a row of zeros stays one, as with torch's `normalize`. */
function scaleRows(states: Float32Array, hidden: number): void {
  for (let begin = 0; begin < states.length; begin += hidden) {
    const row = states.subarray(begin, begin + hidden);
    const norm = Math.max(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    row.forEach((value, i) => row[i] = value / norm);
  }
}
