import { existsSync, mkdirSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { listFiles, modelInfo } from "@huggingface/hub";
import { UserError } from "@lukeforge/corpus";
import type { ProgressCallback } from "../progress.ts";
import { downloadBlob, noSpace, sizeThere } from "./download_blob.ts";
import { HubClient, type HubEffects } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";
import { checkHubName } from "./hub_name.ts";
import { hubProblem } from "./hub_problem.ts";
import { type HubSettings, hubSettings } from "./hub_settings.ts";
import { COMMIT, ModelCache } from "./model_cache.ts";
import { type FetchedPart, lackingFiles, neededFiles, shardNames } from "./needed_files.ts";

/** How a model is fetched. */
export interface FetchModelOptions extends HubEffects {
  /** Branch, tag or commit (default: `main`). */
  readonly revision?: string;
  /** Where downloads are kept (default: Hugging Face's cache). */
  readonly cacheDir?: string;
  /** What is needed (default: `model`). */
  readonly files?: FetchedPart;
  /** Takes the megabytes that are there, and those of all files. */
  readonly progress?: ProgressCallback;
  /** How the hub is reached (default: as the environment says). */
  readonly settings?: HubSettings;
}

/** Where a model or tokenizer is opened from, and what it is on the hub. */
export interface FetchedModel {
  /** A file or directory. */
  readonly path: string;
  /** The repository, where it comes from the hub. */
  readonly repository?: string;
  /** The commit that the revision stands for. */
  readonly commit?: string;
}

/**
 * {@linkcode fetchNamedModel}, the path alone.
 *
 * @throws {UserError} as there.
 */
export async function fetchModel(nameOrPath: string, options: FetchModelOptions = {}): Promise<string> {
  return (await fetchNamedModel(nameOrPath, options)).path;
}

/**
 * Takes what a user names as a model or tokenizer to a path. A file or directory that exists is that path. Anything else is a
 * repository of the model hub (`roberta-base`, `mideind/IceBERT-igc`): the files that are needed are downloaded into the cache that
 * Hugging Face's programs share, verified by hash, and the directory of the commit is the path. A download that was stopped goes
 * on where it ended. Without a connection, what was fetched before is used.
 *
 * @throws {UserError} when there is no such file or repository, the hub cannot be reached or refuses, or the disk is full.
 */
export async function fetchNamedModel(
  nameOrPath: string,
  options: FetchModelOptions = {},
): Promise<FetchedModel> {
  if (existsSync(nameOrPath)) return { path: nameOrPath };
  checkHubName(nameOrPath);
  const settings = options.settings ?? hubSettings();
  const repository = new HubRepository(nameOrPath, settings, options);
  if (settings.offline) {
    const cached = repository.cached();
    if (cached !== undefined) return cached;
    throw hubProblem("offline", nameOrPath, repository.revision, settings);
  }
  let listing: Listing;
  try {
    listing = await repository.list();
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const cached = error.isOutage ? repository.cached() : undefined;
    if (cached === undefined) throw hubProblem(error, nameOrPath, repository.revision, settings);
    options.notice?.(
      `${nameOrPath}: ${
        new URL(settings.endpoint).host
      }: ${error.message}; going on with commit ${cached.commit}, fetched before`,
    );
    return cached;
  }
  try {
    return await repository.download(listing);
  } catch (error) {
    throw error instanceof HubError ? hubProblem(error, nameOrPath, repository.revision, settings) : error;
  }
}

/** A weight index is read whole. */
const LARGEST_INDEX = 2 ** 26;

/** No model has more files in its top directory. */
const MOST_FILES = 100_000;

/** A file of a commit. */
interface ListedFile {
  readonly name: string;
  readonly size: number;
  readonly hash: string;
}

interface Listing {
  readonly commit: string;
  readonly files: ReadonlyMap<string, ListedFile>;
}

/** @throws {UserError} for a revision that would lead out of the cache. */
function checkedRevision(revision: string): string {
  if (/^[\w][\w.+-]*(\/[\w][\w.+-]*)*$/.test(revision) && !revision.includes("..")) return revision;
  throw new UserError(`--revision: ${revision} is no branch, tag or commit; correct it`);
}

class HubRepository {
  readonly #name: string;
  readonly #settings: HubSettings;
  readonly #options: FetchModelOptions;
  readonly #client: HubClient;
  readonly #cache: ModelCache;
  readonly #part: FetchedPart;
  readonly revision: string;

  constructor(name: string, settings: HubSettings, options: FetchModelOptions) {
    this.#name = name;
    this.#settings = settings;
    this.#options = options;
    this.#client = new HubClient(settings, options);
    this.#cache = new ModelCache(options.cacheDir ?? settings.cacheDir, name);
    this.#part = options.files ?? "model";
    this.revision = checkedRevision(options.revision ?? "main");
  }

  /** What was fetched before, where it suffices. */
  cached(): FetchedModel | undefined {
    const commit = this.#cache.commitOf(this.revision);
    return commit !== undefined && this.#cache.isComplete(commit, this.#part)
      ? this.#fetched(commit)
      : undefined;
  }

  /** Asks the hub for the commit and its files in the top directory. */
  async list(): Promise<Listing> {
    const { fetch } = this.#client;
    const name = this.#name, hubUrl = this.#settings.endpoint;
    const { sha: commit } = await modelInfo({
      name,
      hubUrl,
      fetch,
      revision: this.revision,
      additionalFields: ["sha"],
    });
    if (!COMMIT.test(commit)) throw new HubError("names no commit", 200);
    const files = new Map<string, ListedFile>();
    let count = 0;
    for await (const file of listFiles({ repo: { type: "model", name }, hubUrl, fetch, revision: commit })) {
      if (++count > MOST_FILES) throw new HubError("lists files without end", 200);
      const { path, type, oid, lfs, size } = file;
      const hash = lfs?.oid ?? oid ?? "";
      if (type !== "file" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) continue;
      files.set(path, { name: path, size: lfs?.size ?? size, hash });
    }
    return { commit, files };
  }

  /** Downloads what is needed and not yet there. */
  async download({ commit, files }: Listing): Promise<FetchedModel> {
    const lacking = lackingFiles(new Set(files.keys()), this.#part);
    if (lacking !== undefined) {
      throw new UserError(
        `${this.#name}: has no ${lacking} at the hub; name another repository or a directory`,
      );
    }
    const listed = (names: readonly string[]): ListedFile[] =>
      names.map((name) => {
        const file = files.get(name);
        if (file === undefined) {
          throw new UserError(
            `${this.#name}: its weight index names ${name}, which is not there; name another --revision`,
          );
        }
        return file;
      });
    const needed = listed(neededFiles(files.keys(), this.#part));
    for (const index of needed.filter(({ name }) => name.endsWith(".index.json"))) {
      const isIndex = index.size <= LARGEST_INDEX;
      if (isIndex) await this.#bring(commit, [index]);
      const text = isIndex ? readFileSync(join(this.#cache.snapshot(commit), index.name), "utf8") : "";
      const shards = shardNames(text);
      if (shards === undefined) {
        throw new UserError(
          `${this.#name}: ${index.name} is no weight index; name another --revision or repository`,
        );
      }
      needed.push(...listed(shards));
    }
    await this.#bring(commit, needed);
    this.#cache.record(this.revision, commit);
    return this.#fetched(commit);
  }

  async #bring(commit: string, files: readonly ListedFile[]): Promise<void> {
    const isThere = ({ name, size }: ListedFile): boolean =>
      sizeThere(join(this.#cache.snapshot(commit), name)) === size;
    const total = files.reduce((sum, { size }) => sum + size, 0) / 1e6;
    const missing = files.filter((file) => !isThere(file));
    if (missing.length > 0) this.#checkSpace(missing);
    let done = files.filter(isThere).reduce((sum, { size }) => sum + size, 0);
    for (const file of missing) {
      const before = done;
      await this.#bringBlob(commit, file, (bytes) => this.#options.progress?.((before + bytes) / 1e6, total));
      this.#cache.link(commit, file.name, file.hash);
      done = before + file.size;
    }
  }

  async #bringBlob(
    commit: string,
    { name, size, hash }: ListedFile,
    progress: (bytes: number) => void,
  ): Promise<void> {
    const path = this.#cache.blob(hash);
    using _lock = await this.#cache.lock(
      hash,
      () => this.#options.notice?.(`${this.#name}: another process downloads ${name}; waiting for it`),
    );
    if (sizeThere(path) === size) return;
    const url = `${this.#settings.endpoint}/${this.#name}/resolve/${commit}/${encodeURIComponent(name)}`;
    await downloadBlob(this.#client, { url, size, hash }, path, progress);
  }

  #checkSpace(files: readonly ListedFile[]): void {
    const directory = this.#cache.blob("");
    mkdirSync(directory, { recursive: true });
    const { bavail, bsize, blocks } = statfsSync(directory);
    const bytes = files.reduce((sum, { hash, size }) => {
      const path = this.#cache.blob(hash);
      return sizeThere(path) === size ? sum : sum + size - (sizeThere(`${path}.incomplete`) ?? 0);
    }, 0);
    if (blocks > 0 && bytes > bavail * bsize) throw noSpace(directory, bytes);
  }

  #fetched(commit: string): FetchedModel {
    return { path: this.#cache.snapshot(commit), repository: this.#name, commit };
  }
}
