import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import {
  type Format,
  originalBaseModelType,
  originalLuke,
  type SourceModel,
  writeTorchWeights,
} from "@lukeforge/model";
import type { EntityVocab } from "@lukeforge/vocab";
import { writeDirectoryAtomic } from "../atomic_directory.ts";

/** A LUKE, and how it is written for LUKE's own repository. */
export interface OriginalExport extends SourceModel {
  /** The model's entity vocabulary. */
  readonly vocab: Pick<EntityVocab, "size" | "save">;
  /**
   * The model that the words started from. The repository takes the tokenizer by this name, and RoBERTa's way of counting positions where it
   * contains `roberta`.
   */
  readonly bertModelName: string;
  /** Words of an item, special ones included. Default: as many as have a position. */
  readonly maxSeqLength?: number;
  /** Entities of an item. Default 128, as upstream. */
  readonly maxEntityLength?: number;
  /** Words of a mention. Default 30, as upstream. */
  readonly maxMentionLength?: number;
  /** `arguments` of `metadata.json`. Default: none. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Element type. Default f32. */
  readonly dtype?: Format;
  /** Called with the bytes of weights written, and the bytes of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes a directory as LUKE's own repository has it: `metadata.json`, `entity_vocab.jsonl`, `pytorch_model.bin`. It appears as a whole or
 * not at all, in the place of what was there.
 *
 * @throws {UserError} when the network has no entities, other ones than the vocabulary, or counts positions otherwise than the name of
 * its base model says.
 * @throws {WeightsError} when a parameter is missing.
 */
export async function exportOriginal(directory: string, model: OriginalExport): Promise<void> {
  const { config, vocab, bertModelName } = model;
  if (config.entityVocabSize === 0) {
    throw new UserError("the network has no entities: LUKE's own repository has no form for it");
  }
  if (vocab.size !== config.entityVocabSize) {
    throw new UserError(
      `the network has ${config.entityVocabSize} entities, the vocabulary ${vocab.size}; export with that of the model`,
    );
  }
  const baseModelType = originalBaseModelType(config);
  if (bertModelName.includes("roberta") !== (baseModelType === "roberta")) {
    throw new UserError(
      `${bertModelName}: LUKE's own repository takes ${
        baseModelType === "roberta"
          ? "a name without roberta for BERT, this is RoBERTa"
          : "it for RoBERTa, this is BERT"
      }; name the base model by --bert-model-name`,
    );
  }
  const { settings, tensors } = originalLuke(model, bertModelName);
  const firstPosition = config.baseModelType === "roberta" ? config.padTokenId + 1 : 0;
  const metadata = {
    model_config: settings,
    max_seq_length: model.maxSeqLength ?? config.maxPositionEmbeddings - firstPosition,
    max_entity_length: model.maxEntityLength ?? 128,
    max_mention_length: model.maxMentionLength ?? 30,
    arguments: model.arguments ?? {},
  };
  await writeDirectoryAtomic(directory, (partial) => {
    writeFileAtomic(join(partial, "metadata.json"), JSON.stringify(metadata, null, 2) + "\n");
    vocab.save(join(partial, "entity_vocab.jsonl"));
    writeTorchWeights(join(partial, "pytorch_model.bin"), tensors, {
      ...(model.dtype !== undefined && { dtype: model.dtype }),
      ...(model.onProgress !== undefined && { onProgress: model.onProgress }),
    });
  });
}
