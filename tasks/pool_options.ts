import type { Command } from "commander";
import { wholeNumber } from "./option_values.ts";
import type { Reporter } from "./stage.ts";

/** Options of upstream's commands about its process pool. */
export interface PoolOptions {
  readonly poolSize?: number;
  readonly chunkSize?: number;
}

/** Upstream's `--pool-size` and `--chunk-size`: accepted, so that its command lines work, and without effect. */
export const POOL_OPTIONS: {
  /** Adds both options to a command. */
  addTo(command: Command): void;
  /** Says in one line that they have no effect, when they are given. */
  notice(options: PoolOptions, reporter: Reporter): void;
} = {
  addTo(command) {
    command.option("--pool-size <n>", "accepted, without effect", wholeNumber(1))
      .option("--chunk-size <n>", "accepted, without effect", wholeNumber(1));
  },
  notice({ poolSize, chunkSize }, reporter) {
    if (poolSize !== undefined || chunkSize !== undefined) {
      reporter.line("--pool-size and --chunk-size have no effect: there is no pool of processes");
    }
  },
};
