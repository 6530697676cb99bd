import { type BatchCapacity, planCapacity } from "../luke_batch.ts";
import type { LukeConfig } from "../luke_config.ts";

/**
 * Floating-point operations of the products of a training step of a full batch: forward, and twice that for both gradients.
 * Attention counts, the heads at masked places only; what is computed again does not, nor what is no product.
 */
export function lukeStepFlops(config: LukeConfig, capacity: BatchCapacity): number {
  const { hiddenSize: hidden, intermediateSize: inner, entityEmbSize: size } = config;
  const { rows, words, entities, maskedWords, maskedEntities } = planCapacity(capacity, config, true);
  const length = words + entities;
  const layer = length * (8 * hidden * hidden + 4 * hidden * inner + 4 * length * hidden);
  const projection = size === hidden ? 0 : entities * 2 * size * hidden;
  const wordHead = maskedWords * (2 * hidden * hidden + 2 * hidden * config.vocabSize);
  const entityHead = maskedEntities * (2 * hidden * size + 2 * size * config.entityVocabSize);
  return 3 * (rows * (config.numHiddenLayers * layer + projection) + wordHead + entityHead);
}
