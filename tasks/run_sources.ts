import { HUB_OPTIONS, type HubOptions } from "./hub/hub_options.ts";
import type { FetchedPart } from "./hub/needed_files.ts";
import { recordRepository } from "./run_directory.ts";
import type { Reporter } from "./stage.ts";

/** Takes the models and tokenizers that a run's settings name to paths, and notes which commits of the model hub they are. */
export class RunSources {
  readonly #options: HubOptions;
  readonly #reporter: Reporter;
  readonly #paths = new Map<string, Promise<string>>();
  readonly #commits = new Map<string, string>();
  #directory: string | undefined;

  /** Nothing is fetched before it is asked for. */
  constructor(options: HubOptions, reporter: Reporter) {
    this.#options = options;
    this.#reporter = reporter;
  }

  /** The path of what is named; fetched once. @throws {UserError} when it can be neither found nor fetched. */
  locate(name: string, part: FetchedPart): Promise<string> {
    const key = `${part} ${name}`;
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path = this.#fetch(name, part);
    this.#paths.set(key, path);
    return path;
  }

  async #fetch(name: string, part: FetchedPart): Promise<string> {
    const { path, repository, commit } = await HUB_OPTIONS.fetch(name, this.#options, this.#reporter, part);
    if (repository !== undefined && commit !== undefined) {
      this.#commits.set(repository, commit);
      if (this.#directory !== undefined) recordRepository(this.#directory, repository, commit);
    }
    return path;
  }

  /** From now on `config.json` in a run's directory says which commits are used. */
  recordIn(directory: string): void {
    this.#directory = directory;
    for (const [repository, commit] of this.#commits) recordRepository(directory, repository, commit);
  }
}
