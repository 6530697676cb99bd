import type { LukeBatch, LukeConfig, LukeNetwork } from "@lukeforge/model";
import { RandomStream } from "@lukeforge/train";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "./onnx_runtime.ts";

/** How far an output is from the network's own. */
export interface OnnxDifference {
  /** Name of the output. */
  readonly output: string;
  /** Largest absolute difference of an element. */
  readonly maxAbsDifference: number;
  /** Largest absolute value of the network's. */
  readonly maxAbs: number;
}

/** Sizes of a batch to compare on. */
export type OnnxBatchShape = Pick<LukeBatch, "rows" | "words" | "entities" | "mentionLength">;

/** One and several items, with and without padding, with and without entities. */
export const VERIFIED_SHAPES: readonly OnnxBatchShape[] = [
  { rows: 2, words: 12, entities: 3, mentionLength: 4 },
  { rows: 1, words: 5, entities: 1, mentionLength: 1 },
  { rows: 3, words: 7, entities: 0, mentionLength: 2 },
];

/**
 * Runs an exported model and the network that it came from on the same random batches and compares every output at every place
 * that is no padding.
 *
 * @param path the model's file.
 * @param network what it was exported from.
 * @returns the largest difference of each output.
 */
export async function verifyOnnx(
  runtime: OnnxRuntime,
  path: string,
  network: LukeNetwork,
): Promise<OnnxDifference[]> {
  const session = await runtime.InferenceSession.create(path);
  try {
    const worst = new Map<string, OnnxDifference>();
    for (const [i, shape] of VERIFIED_SHAPES.entries()) {
      // RoBERTa's graphs have no types, even where its table has several.
      const hasTypes = session.inputNames.includes("token_type_ids");
      const batch = randomBatch(network.config, shape, i, hasTypes);
      for (const difference of await compare(runtime, session, network, batch)) {
        const { output, maxAbsDifference, maxAbs } = difference;
        const known = worst.get(output);
        worst.set(output, {
          output,
          maxAbsDifference: Math.max(maxAbsDifference, known?.maxAbsDifference ?? 0),
          maxAbs: Math.max(maxAbs, known?.maxAbs ?? 0),
        });
      }
    }
    return [...worst.values()];
  } finally {
    await session.release();
  }
}

async function compare(
  runtime: OnnxRuntime,
  session: OnnxSession,
  network: LukeNetwork,
  batch: LukeBatch,
): Promise<OnnxDifference[]> {
  const outputs = await session.run(onnxInputs(runtime, session.inputNames, batch));
  const differences: OnnxDifference[] = [];
  for (const output of session.outputNames) {
    const expected = await networkOutput(network, batch, output);
    const places = output.startsWith("entity_") ? batch.maskedEntityPositions : batch.maskedWordPositions;
    const actual = outputs[output]?.data;
    if (!(actual instanceof Float32Array)) throw new TypeError(`${output} holds no f32`);
    const width = places.length === 0 ? 0 : expected.length / places.length;
    let [maxAbsDifference, maxAbs] = [0, 0];
    for (const [row, place] of places.entries()) {
      for (let i = 0; i < width; i++) {
        const value = expected[row * width + i] ?? NaN;
        const difference = Math.abs(value - (actual[place * width + i] ?? NaN));
        maxAbs = Math.max(maxAbs, Math.abs(value));
        // What is no number must not look like no difference; JSON has no infinite ones.
        maxAbsDifference = Math.max(
          maxAbsDifference,
          Number.isNaN(difference) ? Number.MAX_VALUE : difference,
        );
      }
    }
    differences.push({ output, maxAbsDifference, maxAbs });
  }
  return differences;
}

/** The inputs that a model asks for, of those that transformers' tokenizers and collators give. */
export function onnxInputs(
  runtime: OnnxRuntime,
  names: readonly string[],
  batch: LukeBatch,
): Record<string, OnnxTensor> {
  const words = [batch.rows, batch.words];
  const entities = [batch.rows, batch.entities];
  const all: Readonly<Record<string, readonly [Int32Array, readonly number[]]>> = {
    input_ids: [batch.wordIds, words],
    attention_mask: [batch.wordAttentionMask, words],
    token_type_ids: [batch.wordTypeIds ?? new Int32Array(batch.wordIds.length), words],
    entity_ids: [batch.entityIds, entities],
    entity_attention_mask: [batch.entityAttentionMask, entities],
    entity_token_type_ids: [batch.entityTypeIds ?? new Int32Array(batch.entityIds.length), entities],
    entity_position_ids: [batch.entityPositionIds, [...entities, batch.mentionLength]],
  };
  const inputs: Record<string, OnnxTensor> = {};
  for (const name of names) {
    const [data, dims] = all[name] ?? [new Int32Array(), []];
    inputs[name] = new runtime.Tensor("int64", BigInt64Array.from(data, BigInt), dims);
  }
  return inputs;
}

/** An output by its name in the model: rows of the batch's masked places. */
async function networkOutput(network: LukeNetwork, batch: LukeBatch, output: string): Promise<Float32Array> {
  if (output === "logits") return await network.wordLogits(batch);
  if (output === "entity_logits") return await network.entityLogits(batch);
  const { words, entities } = await network.hiddenStates(batch);
  const [states, places] = output === "entity_last_hidden_state"
    ? [entities, batch.maskedEntityPositions]
    : [words, batch.maskedWordPositions];
  const { hiddenSize } = network.config;
  const rows = new Float32Array(places.length * hiddenSize);
  for (const [row, place] of places.entries()) {
    rows.set(states.subarray(place * hiddenSize, (place + 1) * hiddenSize), row * hiddenSize);
  }
  return rows;
}

/** Each item is a word and an entity shorter than the one before; every place that is no padding is a masked place. */
function randomBatch(config: LukeConfig, shape: OnnxBatchShape, seed: number, hasTypes: boolean): LukeBatch {
  const random = new RandomStream(seed);
  const lastType = hasTypes ? config.typeVocabSize - 1 : 0;
  const { rows, mentionLength } = shape;
  const firstPosition = config.baseModelType === "roberta" ? config.padTokenId + 1 : 0;
  const words = Math.min(shape.words, config.maxPositionEmbeddings - firstPosition);
  const entities = config.entityVocabSize === 0 ? 0 : shape.entities;
  const batch = {
    rows,
    words,
    entities,
    mentionLength,
    wordIds: new Int32Array(rows * words).fill(config.padTokenId),
    wordAttentionMask: new Int32Array(rows * words),
    wordTypeIds: new Int32Array(rows * words),
    entityIds: new Int32Array(rows * entities),
    entityAttentionMask: new Int32Array(rows * entities),
    entityTypeIds: new Int32Array(rows * entities),
    entityPositionIds: new Int32Array(rows * entities * mentionLength).fill(-1),
  };
  const wordPlaces: number[] = [];
  const entityPlaces: number[] = [];
  for (let row = 0; row < rows; row++) {
    const wordCount = Math.max(words - row, 1);
    for (let place = row * words; place < row * words + wordCount; place++) {
      const id = random.integer(0, config.vocabSize - 2);
      batch.wordIds[place] = id < config.padTokenId ? id : id + 1;
      batch.wordAttentionMask[place] = 1;
      batch.wordTypeIds[place] = random.integer(0, lastType);
      wordPlaces.push(place);
    }
    for (let place = row * entities; place < row * entities + Math.max(entities - row, 0); place++) {
      batch.entityIds[place] = random.integer(1, config.entityVocabSize - 1);
      batch.entityAttentionMask[place] = 1;
      batch.entityTypeIds[place] = random.integer(0, lastType);
      const begin = random.integer(0, wordCount - 1);
      const length = random.integer(0, Math.min(mentionLength, wordCount - begin));
      for (let i = 0; i < length; i++) batch.entityPositionIds[place * mentionLength + i] = begin + i;
      entityPlaces.push(place);
    }
  }
  const none = new Int32Array();
  return {
    ...batch,
    maskedWordPositions: Int32Array.from(wordPlaces),
    maskedWordLabels: none,
    maskedEntityPositions: Int32Array.from(entityPlaces),
    maskedEntityLabels: none,
  };
}

/** Capacities of a network that {@linkcode verifyOnnx} compares with. */
export const VERIFIED_CAPACITY = {
  rows: Math.max(...VERIFIED_SHAPES.map(({ rows }) => rows)),
  words: Math.max(...VERIFIED_SHAPES.map(({ words }) => words)),
  entities: Math.max(...VERIFIED_SHAPES.map(({ entities }) => entities)),
  mentionLength: Math.max(...VERIFIED_SHAPES.map(({ mentionLength }) => mentionLength)),
  maskedWords: Math.max(...VERIFIED_SHAPES.map(({ rows, words }) => rows * words)),
  maskedEntities: Math.max(...VERIFIED_SHAPES.map(({ rows, entities }) => rows * entities)),
};
