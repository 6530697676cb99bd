import type { LukeConfig } from "../luke_config.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { floatTensor, rowsOf } from "../weights/row_view.ts";
import { pooler } from "./luke_for_masked_lm.ts";
import { bertName } from "./word_models.ts";
import {
  movedPositions,
  sharedSettings,
  type SourceModel,
  sourceParameters,
  type WrittenModel,
} from "./written_model.ts";

const WORD_TABLE = "luke.embeddings.word_embeddings.weight";
const WORD_POSITIONS = "luke.embeddings.position_embeddings.weight";
const ENTITY_POSITIONS = "luke.entity_embeddings.position_embeddings.weight";
const ENTITY_TABLE = "luke.entity_embeddings.entity_embeddings.weight";

/**
 * How a network counts positions when LUKE's own repository has it: as it does, but as BERT where the pad id is 0. There a RoBERTa's
 * pad id of 0 stands for 1; such a network is a BERT as `LukeForMaskedLM` holds it ({@linkcode lukeForMaskedLM}).
 */
export function originalBaseModelType(
  { baseModelType, padTokenId }: LukeConfig,
): LukeConfig["baseModelType"] {
  return baseModelType === "roberta" && padTokenId > 0 ? "roberta" : "bert";
}

/**
 * A network as LUKE's own repository stores it (`LukePretrainingModel`): names without `luke.`, tied weights under each of their
 * names, BERT's head under `cls.` with a next sentence head of zeros that takes no part. `settings` are `model_config` of its
 * `metadata.json`. The substring `roberta` in `bert_model_name` is what that program knows RoBERTa by.
 *
 * @throws {WeightsError} when a parameter is missing.
 */
export function originalLuke(source: SourceModel, bertModelName: string): WrittenModel {
  const { config } = source;
  const parameters = sourceParameters(source);
  const baseModelType = originalBaseModelType(config);
  const isBert = baseModelType === "bert";
  const positions = movedPositions(config, baseModelType);
  const tensors = new Map<string, StoredTensor>();
  const put = (canonical: string, tensor: StoredTensor | undefined): void => {
    if (tensor === undefined) return;
    tensors.set(
      isBert && canonical.startsWith("lm_head.") ? bertName(canonical) : canonical.replace(/^luke\./, ""),
      tensor,
    );
  };
  for (const [name, tensor] of parameters) {
    if (name === WORD_POSITIONS) put(name, rowsOf(tensor, positions.rows));
    else if (name === ENTITY_POSITIONS) put(name, rowsOf(tensor, [[0, positions.maxPositionEmbeddings]]));
    else put(name, tensor);
  }
  for (const [name, tensor] of pooler(source)) put(name, tensor);
  if (config.tieWordEmbeddings) put("lm_head.decoder.weight", parameters.get(WORD_TABLE));
  put("lm_head.decoder.bias", parameters.get("lm_head.bias"));
  put("entity_predictions.decoder.weight", parameters.get(ENTITY_TABLE));
  if (isBert) {
    const size = config.hiddenSize;
    tensors.set("cls.seq_relationship.weight", floatTensor([2, size], new Float32Array(2 * size)));
    tensors.set("cls.seq_relationship.bias", floatTensor([2], new Float32Array(2)));
  }
  const { dtype: _, ...settings } = sharedSettings(config);
  return {
    settings: {
      model_type: baseModelType,
      bert_model_name: bertModelName,
      vocab_size: config.vocabSize,
      entity_vocab_size: config.entityVocabSize,
      entity_emb_size: config.entityEmbSize,
      max_position_embeddings: positions.maxPositionEmbeddings,
      pad_token_id: config.padTokenId,
      // The repository's own pretraining has none of these queries and does not know the field.
      ...(config.useEntityAwareAttention && { use_entity_aware_attention: true }),
      ...settings,
    },
    tensors,
  };
}
