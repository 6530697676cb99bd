import type { Command } from "commander";
import { duration, ProgressLine, quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";
import { type FetchedModel, fetchNamedModel } from "./fetch_model.ts";
import type { FetchedPart } from "./needed_files.ts";

/** Options of commands that take the name of a repository of the model hub. */
export interface HubOptions {
  readonly revision?: string;
  readonly cacheDir?: string;
}

/** `--revision` and `--cache-dir`, and what commands do with them. */
export const HUB_OPTIONS: {
  /** Adds both options to a command. */
  addTo(command: Command): void;
  /**
   * Takes what was named on the command line to a path, with progress, and a line about what was downloaded.
   *
   * @param files what is needed of it (default: `model`).
   * @throws {UserError} when it can be neither found nor fetched.
   */
  fetch(
    nameOrPath: string,
    options: HubOptions,
    reporter: Reporter,
    files?: FetchedPart,
  ): Promise<FetchedModel>;
} = {
  addTo(command) {
    command.option("--revision <name>", "branch, tag or commit of the model hub's repository", "main")
      .option("--cache-dir <dir>", "where downloads are kept (default: Hugging Face's cache, see HF_HOME)");
  },
  async fetch(nameOrPath, { revision, cacheDir }, reporter, files = "model") {
    const line = new ProgressLine(reporter.progress, nameOrPath, "MB");
    const begun = performance.now();
    let megabytes = 0, first: number | undefined;
    try {
      const fetched = await fetchNamedModel(nameOrPath, {
        ...(revision !== undefined && { revision }),
        ...(cacheDir !== undefined && { cacheDir }),
        files,
        progress(done, total) {
          first ??= done;
          megabytes = done - first;
          line.update(done, total);
        },
        notice(text) {
          line.clear();
          reporter.line(text);
        },
      });
      line.clear();
      if (first !== undefined) {
        const seconds = (performance.now() - begun) / 1000;
        reporter.line(
          `${nameOrPath}: ${quantity(megabytes)} MB of commit ${fetched.commit} (${duration(seconds)})`,
        );
      }
      return fetched;
    } finally {
      line.clear();
    }
  },
};
