import { UserError } from "@lukeforge/corpus";
import {
  elementCount,
  type LazySafetensorsTensor,
  type LukeConfig,
  type SafetensorsTensor,
  withEntityAwareQueries,
} from "@lukeforge/model";

/** Rows that an export has and the trained network has not. */
export interface AddedRows {
  /** Word ids whose rows are copied to the end of the word table, one for each added word. */
  readonly words: readonly number[];
  /** Entity ids whose rows are copied to the end of the entity table, one for each added entity. */
  readonly entities: readonly number[];
}

const WORD_TABLE = "luke.embeddings.word_embeddings.weight";
const ENTITY_TABLE = "luke.entity_embeddings.entity_embeddings.weight";

/** How many rows the position tables of an export have on top of the network's own. */
export function addedPositions(config: LukeConfig): number {
  return config.baseModelType === "bert" ? config.padTokenId + 1 : 0;
}

/**
 * The tensors of `LukeForMaskedLM` in transformers, each made when it is written.
 *
 * - `lm_head.decoder.weight` and `.bias` are written too: transformers 5 does not tie the first to the word table and takes
 *   `lm_head.bias` from the second. `entity_predictions.decoder.weight` it ties itself.
 * - transformers' LUKE always counts word positions from the pad id on, as RoBERTa does. Where the network counts them from 0,
 *   as BERT does, the word position table moves down by pad id + 1 rows; both position tables share one size there, so the
 *   entity position table gets as many unused rows at its end. Logits stay the same.
 * - With entity-aware attention, each layer's three further queries are copies of its query unless the network has its own.
 *
 * @throws {UserError} when a parameter is missing.
 */
export function huggingFaceWeights(
  parameters: ReadonlyMap<string, SafetensorsTensor>,
  config: LukeConfig,
  added: AddedRows,
  useEntityAwareAttention: boolean,
): Map<string, LazySafetensorsTensor> {
  const positions = addedPositions(config);
  const given = (name: string): SafetensorsTensor => {
    const tensor = parameters.get(name);
    if (tensor === undefined) {
      throw new UserError(
        `parameter ${name} is missing: this is not a checkpoint of LUKE; choose another one`,
      );
    }
    return tensor;
  };
  const weights = new Map<string, LazySafetensorsTensor>();
  for (const [name, tensor] of parameters) {
    weights.set(name, withRows(tensor, { before: 0, copies: [], after: 0 }));
  }
  const change = (name: string, rows: Rows): void => void weights.set(name, withRows(given(name), rows));
  const copies = (ids: readonly number[]): Rows => ({ before: 0, copies: ids, after: 0 });
  change(WORD_TABLE, copies(added.words));
  change("lm_head.bias", copies(added.words));
  change(ENTITY_TABLE, copies(added.entities));
  change("entity_predictions.bias", copies(added.entities));
  change("luke.embeddings.position_embeddings.weight", { before: positions, copies: [], after: 0 });
  change("luke.entity_embeddings.position_embeddings.weight", { before: 0, copies: [], after: positions });
  weights.set("lm_head.decoder.weight", withRows(given(WORD_TABLE), copies(added.words)));
  weights.set("lm_head.decoder.bias", withRows(given("lm_head.bias"), copies(added.words)));
  return withEntityAwareQueries(weights, { ...config, useEntityAwareAttention });
}

interface Rows {
  /** Rows of zeros in front. */
  readonly before: number;
  /** Rows to repeat at the end. */
  readonly copies: readonly number[];
  /** Rows of zeros at the end. */
  readonly after: number;
}

function withRows(
  { shape, data }: SafetensorsTensor,
  { before, copies, after }: Rows,
): LazySafetensorsTensor {
  if (!(data instanceof Float32Array)) throw new TypeError("parameters are float32");
  const [rows = 0, ...inner] = shape;
  const width = elementCount(inner);
  const total = before + rows + copies.length + after;
  if (total === rows) return { dtype: "F32", shape, data: () => data };
  return {
    dtype: "F32",
    shape: [total, ...inner],
    data: () => {
      const extended = new Float32Array(total * width);
      extended.set(data, before * width);
      copies.forEach((row, i) => {
        extended.set(data.subarray(row * width, (row + 1) * width), (before + rows + i) * width);
      });
      return extended;
    },
  };
}
