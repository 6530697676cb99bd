import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";

/** One line of `metrics.jsonl`. Means are over the steps since the line before; `null` stands for "nothing was masked" or "not finite". */
export interface MetricsRecord {
  /** Updates made so far. */
  readonly step: number;
  /** What was optimised: the sum of both losses, each the mean over a micro-batch, averaged over micro-batches. */
  readonly loss: number | null;
  /** Cross entropy in nats, the mean over masked words. */
  readonly masked_lm_loss: number | null;
  /** Part of the masked words that were predicted. */
  readonly masked_lm_accuracy: number | null;
  /** Cross entropy in nats, the mean over masked entities. */
  readonly masked_entity_loss: number | null;
  /** Part of the masked entities that were predicted. */
  readonly masked_entity_accuracy: number | null;
  /** Learning rate of the last update. */
  readonly learning_rate: number;
  /** Norm of all gradients at the last update, before clipping. */
  readonly grad_norm: number | null;
  /** Words per second, special tokens included, padding not; checkpoints and evaluation do not count as time. */
  readonly tokens_per_second: number | null;
  /** Part of that time in which training waited for data; null where no time passed. */
  readonly data_wait_share: number | null;
  /** Words and entities as a part of all places that were computed, padding included. */
  readonly real_token_share: number | null;
  /** Updates that were skipped because a gradient was not finite. */
  readonly skipped_updates: number;
}

/** Appends to `metrics.jsonl`, each line flushed before {@linkcode MetricsLog.append} returns. */
export class MetricsLog implements Disposable {
  readonly #handle: number;

  private constructor(handle: number) {
    this.#handle = handle;
  }

  /**
   * Opens or creates a log for a run that continues after `step` updates. Lines beyond that step, and a last line that a kill
   * tore, are cut off; the file is replaced as a whole, so that a kill leaves the longer log or the shorter one.
   *
   * @throws {UserError} when a line other than the last is not a record.
   */
  static open(path: string, step: number): MetricsLog {
    const text = readIfPresent(path);
    const kept = linesUpTo(path, text, step);
    if (kept !== text) writeFileAtomic(path, kept);
    return new MetricsLog(openSync(path, "a"));
  }

  /** Adds a record and flushes it to the disk. */
  append(record: MetricsRecord): void {
    let bytes = new TextEncoder().encode(JSON.stringify(record) + "\n");
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#handle, bytes));
    fsyncSync(this.#handle);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#handle);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The records of a log, without a torn last line; none when there is no file. @throws {UserError} when another line is no record. */
export function readMetrics(path: string): MetricsRecord[] {
  const kept = linesUpTo(path, readIfPresent(path), Infinity);
  return kept.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as MetricsRecord);
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function linesUpTo(path: string, text: string, step: number): string {
  const lines = text.split("\n");
  lines.pop(); // empty, or torn: every whole line ends with a line feed
  const kept = lines.filter((line, index) => {
    const at = stepOf(line);
    if (at === undefined) {
      throw new UserError(`${path}, line ${index + 1}: not a metrics record; remove the line`);
    }
    return at <= step;
  });
  return kept.map((line) => `${line}\n`).join("");
}

function stepOf(line: string): number | undefined {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === "number" ? step : undefined;
  } catch {
    return undefined;
  }
}
