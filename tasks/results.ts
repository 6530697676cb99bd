import { existsSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "@lukeforge/corpus";
import { duration, quantity } from "./progress.ts";
import type { RunPaths } from "./run_directory.ts";

/** `results.json`: how a run ended. Losses are in nats; `null` where there was nothing to evaluate on. */
export interface Results {
  /** Held-out masked words. */
  readonly masked_lm_loss: number | null;
  /** The same words under the add-one-smoothed unigram of the training words. */
  readonly unigram_loss: number | null;
  /** Share of held-out mentions whose entity was predicted. */
  readonly masked_entity_accuracy: number | null;
  /** The same share when the answer is always the entity that is most frequent in training. */
  readonly most_frequent_entity_accuracy: number | null;
  /** Words trained on per second, special tokens included. */
  readonly tokens_per_second: number;
  /** Share of the training's time that it waited for data; `null` where no time was measured. */
  readonly data_wait_share: number | null;
  /** Words and entities of the items as a share of the places that were computed. */
  readonly real_token_share: number | null;
  /** Scalars in all parameters, tied ones once. */
  readonly parameters: number;
  /** What it was trained on. */
  readonly device: string;
  /** Seconds of all stages. */
  readonly seconds: number;
  /** Updates. */
  readonly steps: number;
  /** Share of the held-out masked words that were predicted. */
  readonly masked_lm_accuracy: number | null;
  /** Held-out masked mentions. */
  readonly masked_entity_loss: number | null;
  /** Held-out words that were masked, over all draws. */
  readonly masked_words: number;
  /** Held-out mentions that were masked. */
  readonly masked_entities: number;
}

/** Writes `results.json`. */
export function writeResults(path: string, results: Results): void {
  writeFileAtomic(path, JSON.stringify(results, null, 2) + "\n");
}

/** Reads `results.json`; undefined when the run has not ended. */
export function readResults(path: string): Results | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) as Results : undefined;
}

/** The table at the end of a run; what was not measured is left out. */
export function resultsTable(results: Results, paths: RunPaths): string[] {
  const loss = (value: number | null): string | null => value === null ? null : `${value.toFixed(3)} nats`;
  const share = (value: number | null): string | null =>
    value === null ? null : `${(100 * value).toFixed(1)} %`;
  const evaluated = results.masked_lm_loss !== null || results.masked_entity_accuracy !== null;
  const rows: [string, string | null][] = [
    ["held-out evaluation", evaluated ? null : "none: no held-out data"],
    ["held-out masked-word loss", loss(results.masked_lm_loss)],
    ["  of the unigram baseline", loss(results.unigram_loss)],
    ["held-out masked-entity accuracy", share(results.masked_entity_accuracy)],
    ["  of the most frequent entity", share(results.most_frequent_entity_accuracy)],
    ["tokens per second", quantity(results.tokens_per_second)],
    ["waited for data", share(results.data_wait_share ?? null)],
    ["real tokens of all places", share(results.real_token_share ?? null)],
    ["parameters", quantity(results.parameters)],
    ["device", results.device],
    ["seconds", `${results.seconds.toFixed(0)} (${duration(results.seconds)})`],
    ["model (Hugging Face)", paths.model],
    ["metrics, checkpoints, results", paths.directory],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.flatMap(([name, value]) => value === null ? [] : [`${name.padEnd(width)}  ${value}`]);
}
