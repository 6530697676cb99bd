import { ConcatenatedDatasets } from "../dataset/concatenated_datasets.ts";
import {
  LanguageModelingCollator,
  type LanguageModelingOptions,
} from "../masking/language_modeling_collator.ts";
import { MaskingCollator, type MaskingEntityVocab } from "../masking/masking_collator.ts";
import type { MaskingOptions } from "../masking/masking_options.ts";
import type { MaskingTables } from "../masking/masking_tables.ts";
import { type BatchRecipe, PretrainingSource } from "./pretraining_source.ts";

/** Everything that the micro-batches of a run are made from. Threads take it over by structured cloning. */
export interface BatchMaterials {
  /** Dataset directories. */
  readonly directories: readonly string[];
  /** What word ids mean. */
  readonly tables: MaskingTables;
  /** What entity ids mean. */
  readonly entityVocab: MaskingEntityVocab;
  /** How items are masked: by LUKE's rules, or as transformers' collator, which knows words only. */
  readonly masking: MaskingOptions | { readonly huggingFace: LanguageModelingOptions };
  /** Which items a micro-batch has. */
  readonly recipe: BatchRecipe;
}

/**
 * Opens the data sets for the thread that calls.
 *
 * @throws {UserError} when one cannot be opened, or options make no sense.
 */
export function openPretrainingSource(materials: BatchMaterials): PretrainingSource & Disposable {
  const { directories, tables, masking, recipe } = materials;
  const { size, maskId } = materials.entityVocab;
  const collator = "huggingFace" in masking
    ? new LanguageModelingCollator(tables, masking.huggingFace)
    : new MaskingCollator(tables, { size, maskId }, masking);
  const data = ConcatenatedDatasets.open(directories);
  const source = new PretrainingSource(data, collator, recipe);
  return Object.assign(source, { [Symbol.dispose]: () => data.close() });
}
