import type { LukeConfig } from "../luke_config.ts";
import { rowsOf } from "../weights/row_view.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import {
  movedPositions,
  sharedSettings,
  type SourceModel,
  sourceParameters,
  type SpecialWordIds,
  type WrittenModel,
} from "./written_model.ts";

/** The classes of transformers for words only, with their `model_type`. */
export const WORD_MODELS = {
  BertForMaskedLM: "bert",
  RobertaForMaskedLM: "roberta",
  XLMRobertaForMaskedLM: "xlm-roberta",
} as const;

/** One of the classes of {@linkcode WORD_MODELS}. */
export type WordModelClass = keyof typeof WORD_MODELS;

const POSITIONS = "luke.embeddings.position_embeddings.weight";

/**
 * A network of words only, or the word side of a LUKE, as one of transformers' masked language models. Their heads compute the
 * same; a network that counts positions the other way has its position table moved. A tied decoder is left out, as
 * transformers leaves it out.
 *
 * @throws {WeightsError} when a parameter is missing.
 */
export function wordModel(
  source: SourceModel,
  name: WordModelClass,
  { clsId, sepId }: SpecialWordIds,
): WrittenModel {
  const { config } = source;
  const modelType = WORD_MODELS[name];
  const positions = movedPositions(config, modelType === "bert" ? "bert" : "roberta");
  const tensors = new Map<string, StoredTensor>();
  for (const [canonical, tensor] of sourceParameters({ config: wordSide(config), tensors: source.tensors })) {
    const written = modelType === "bert" ? bertName(canonical) : canonical.replace(/^luke\./, "roberta.");
    tensors.set(written, canonical === POSITIONS ? rowsOf(tensor, positions.rows) : tensor);
    // transformers takes the bias of a decoder of its own from the decoder.
    if (canonical === "lm_head.bias" && !config.tieWordEmbeddings) {
      tensors.set(modelType === "bert" ? "cls.predictions.decoder.bias" : "lm_head.decoder.bias", tensor);
    }
  }
  return {
    settings: {
      model_type: modelType,
      architectures: [name],
      vocab_size: config.vocabSize,
      max_position_embeddings: positions.maxPositionEmbeddings,
      pad_token_id: config.padTokenId,
      ...(modelType === "bert" ? {} : { bos_token_id: clsId, eos_token_id: sepId }),
      ...sharedSettings(config),
    },
    tensors,
  };
}

/** The network without its entities. */
export function wordSide(config: LukeConfig): LukeConfig {
  return { ...config, entityVocabSize: 0, useEntityAwareAttention: false };
}

/** `BertForMaskedLM`'s name of a parameter of words. */
export function bertName(canonical: string): string {
  return canonical
    .replace(/^luke\./, "bert.")
    .replace(/^lm_head\.dense\./, "cls.predictions.transform.dense.")
    .replace(/^lm_head\.layer_norm\./, "cls.predictions.transform.LayerNorm.")
    .replace(/^lm_head\./, "cls.predictions.");
}
