import type { ModelType } from "./opened_model.ts";

/** What wrapping a model for training or compiling, or sentence-transformers, puts in front of every name. */
const WRAPPERS = /^(?:(?:module|_orig_mod|model|(?:\d+\.)?auto_model)\.)+/;

/** The encoder's prefix in files that have heads. */
const PREFIXES: Readonly<Record<ModelType, string>> = {
  "bert": "bert.",
  "roberta": "roberta.",
  "xlm-roberta": "roberta.",
  "luke": "luke.",
};

/** What an encoder begins with that was saved without heads and without prefix, and every encoder of LUKE's own repository. */
const ENCODER = /^(embeddings|entity_embeddings|encoder|pooler)\./;

/** BERT's names of the parts of a masked language model's head, with RoBERTa's and LUKE's. */
const BERT_HEAD: readonly (readonly [bert: string, roberta: string])[] = [
  ["cls.predictions.transform.dense.", "lm_head.dense."],
  ["cls.predictions.transform.LayerNorm.", "lm_head.layer_norm."],
  ["cls.predictions.decoder.", "lm_head.decoder."],
  ["cls.predictions.bias", "lm_head.bias"],
];

/** Names of the first TensorFlow conversions, which transformers' files of 2018 and 2019 still have. */
const GAMMA = /(LayerNorm|layer_norm)\.gamma$/;
const BETA = /(LayerNorm|layer_norm)\.beta$/;

/**
 * A tensor's name as LUKE has it in transformers, for a name in a file of the given type: prefixes of wrappers go, `gamma` and `beta`
 * become `weight` and `bias`, `bert.` and `roberta.` or no prefix become `luke.`, `cls.predictions.` becomes `lm_head.`. A name that
 * follows none of these rules stays as it is.
 */
export function canonicalName(name: string, modelType: ModelType): string {
  const bare = name.replace(WRAPPERS, "").replace(GAMMA, "$1.weight").replace(BETA, "$1.bias");
  const prefix = PREFIXES[modelType];
  if (bare.startsWith(prefix)) return `luke.${bare.slice(prefix.length)}`;
  if (ENCODER.test(bare)) return `luke.${bare}`;
  // LUKE's own repository has BERT's head over BERT.
  if (modelType === "bert" || modelType === "luke") {
    const part = BERT_HEAD.find(([bert]) => bare.startsWith(bert));
    if (part) return part[1] + bare.slice(part[0].length);
  }
  return bare;
}

/** Known and not needed for pretraining: poolers, the next sentence head, buffers, the head of `--cls-entity-prediction`. */
const UNUSED =
  /^(luke\.pooler\.|cls\.seq_relationship\.|cls_entity_predictions\.|luke\.embeddings\.(position_ids|token_type_ids)$)/;

/** Heads of models that were fine-tuned. */
const FINE_TUNED = /^(classifier|qa_outputs|classification_head)\./;

/** Whether a canonical name belongs to nothing that is computed here, in a model that was pretrained. */
export function isUnused(name: string): boolean {
  return UNUSED.test(name);
}

/** Whether a canonical name belongs to the head of a fine-tuned model. */
export function isFineTunedHead(name: string): boolean {
  return FINE_TUNED.test(name);
}

/** Whether a canonical name belongs to the word or the entity head, which hidden states need not. */
export function isHead(name: string): boolean {
  return name.startsWith("lm_head.") || name.startsWith("entity_predictions.");
}
