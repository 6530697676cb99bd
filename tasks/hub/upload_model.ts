import { join } from "node:path";
import { commitIter, createBranch, createRepo } from "@huggingface/hub";
import { UserError } from "@lukeforge/corpus";
import type { ProgressCallback } from "../progress.ts";
import { FileBlob } from "./file_blob.ts";
import { HubClient, type HubEffects } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";
import { isHubName } from "./hub_name.ts";
import { type HubSettings, hubSettings } from "./hub_settings.ts";
import { checkModelCard } from "./model_card.ts";
import { type UploadFiles, uploadFiles } from "./upload_files.ts";
import { type PlannedFile, planUpload, type UploadPlan, type UploadTarget } from "./upload_plan.ts";
import { uploadProblem } from "./upload_problem.ts";

/** How a model is uploaded. */
export interface UploadModelOptions extends HubEffects {
  /** Branch (default: `main`). */
  readonly branch?: string;
  /** Whether a repository or a branch that is not there is made. */
  readonly create?: boolean;
  /** Whether a repository that is made is private. */
  readonly private?: boolean;
  /** First line of the commit (default: `Upload model`). */
  readonly message?: string;
  /** Whether checkpoints, optimizer states and the like go along. */
  readonly trainingState?: boolean;
  /** Takes the megabytes of large files that are sent, and those of all. */
  readonly progress?: ProgressCallback;
  /** How the hub is reached (default: as the environment says). */
  readonly settings?: HubSettings;
}

/** The library wants a token of the public hub's form in some calls; the client puts the user's in its place. */
const PLACEHOLDER = "hf_";
const COMMITS_TRIED = 3;

/**
 * An upload of a model's directory to a repository of the hub, checked and compared when it is made. A later one, after one that
 * was stopped, sends only what is missing: large files that have arrived are known there by their hash.
 */
export class ModelUpload {
  readonly #client: HubClient;
  readonly #options: UploadModelOptions;
  readonly #settings: HubSettings;
  /** Where it goes. */
  readonly target: UploadTarget;
  /** What is there of the directory. */
  readonly local: UploadFiles;
  /** What {@linkcode send} would do. */
  readonly plan: UploadPlan;

  private constructor(
    client: HubClient,
    settings: HubSettings,
    options: UploadModelOptions,
    target: UploadTarget,
    local: UploadFiles,
    plan: UploadPlan,
  ) {
    this.#client = client;
    this.#settings = settings;
    this.#options = options;
    this.target = target;
    this.local = local;
    this.plan = plan;
  }

  /**
   * Checks `directory`, asks the hub what is in `repository` (`OWNER/NAME`) and compares. Nothing is sent.
   *
   * @throws {UserError} when the directory is no whole model, or the hub cannot be asked.
   * @throws {WeightsError} when configuration or weights cannot be opened.
   */
  static async prepare(
    directory: string,
    repository: string,
    options: UploadModelOptions = {},
  ): Promise<ModelUpload> {
    if (!isHubName(repository) || !repository.includes("/")) {
      throw new UserError(`${repository}: is no name of a repository; give OWNER/NAME`);
    }
    const settings = options.settings ?? hubSettings();
    if (settings.offline) {
      throw new UserError(`${repository}: HF_HUB_OFFLINE forbids asking the hub; unset it to upload`);
    }
    const local = uploadFiles(directory, options.trainingState ?? false);
    const { endpoint } = settings;
    const target = { repository, branch: options.branch ?? "main", endpoint };
    const client = new HubClient(settings, options);
    const card = join(directory, "README.md");
    for (const remark of await checkModelCard(client, endpoint, card)) options.notice?.(`${card}: ${remark}`);
    try {
      const plan = await planUpload(client, target, local.files);
      return new ModelUpload(client, settings, options, target, local, plan);
    } catch (error) {
      throw error instanceof HubError ? uploadProblem(error, target, settings) : error;
    }
  }

  /** Whether the hub was asked without a token, and shows public repositories only. */
  get isAnonymous(): boolean {
    return this.#settings.token === undefined;
  }

  /** The files that the hub lacks or has otherwise. */
  get missing(): readonly PlannedFile[] {
    return this.plan.files.filter(({ state }) => state !== "same");
  }

  /**
   * Sends what is missing, as one commit.
   *
   * @returns the branch's last commit, which has all files.
   * @throws {UserError} when there is no token, no repository and `create` was not asked for, or the hub refuses or cannot be reached.
   */
  async send(): Promise<string> {
    if (this.#settings.token === undefined) {
      throw new UserError(
        `HF_TOKEN: is not set; make a token that may write at ${this.target.endpoint}/settings/tokens and set it`,
      );
    }
    try {
      await this.#makeTarget();
      return await this.#commitMissing();
    } catch (error) {
      throw error instanceof HubError ? uploadProblem(error, this.target, this.#settings) : error;
    }
  }

  async #makeTarget(): Promise<void> {
    const { repository, branch, endpoint: hubUrl } = this.target;
    const { repositoryExists, branchExists } = this.plan;
    if (branchExists) return;
    if (!this.#options.create) {
      const what = repositoryExists ? `has no branch ${branch}` : "is not there";
      throw new UserError(`${repository}: ${what}; check the name, or give --create to make it`);
    }
    const { fetch } = this.#client;
    const access = { hubUrl, fetch, accessToken: PLACEHOLDER };
    const repo = { type: "model", name: repository } as const;
    if (!repositoryExists) {
      const visibility = this.#options.private && { visibility: "private" as const }; // else as its owner has set
      await ignoreConflict(createRepo({ ...access, repo, ...visibility }));
    }
    if (branch !== "main") await ignoreConflict(createBranch({ ...access, repo, branch }));
  }

  /** The answer to a commit may be lost although it was made: then the hub is asked again what is missing. */
  async #commitMissing(): Promise<string> {
    const { files } = this.local;
    let { commit, files: planned } = this.plan;
    for (let attempt = 1;; attempt++) {
      const missing = planned.filter(({ state }) => state !== "same");
      if (missing.length === 0 && commit !== undefined) return commit;
      try {
        return await this.#commit(missing, commit);
      } catch (error) {
        if (!(error instanceof HubError) || !error.isOutage || attempt === COMMITS_TRIED) throw error;
        await this.#client.pause(attempt, error);
        ({ commit, files: planned } = await planUpload(this.#client, this.target, files));
      }
    }
  }

  async #commit(files: readonly PlannedFile[], parent: string | undefined): Promise<string> {
    const { repository: name, branch, endpoint: hubUrl } = this.target;
    const sent = new SentBytes(files, this.#options.progress);
    const steps = commitIter({
      title: this.#options.message ?? "Upload model",
      repo: { type: "model", name },
      branch,
      hubUrl,
      fetch: (input, init) => {
        const body = init?.body;
        return this.#client.fetch(
          input,
          body instanceof FileBlob ? { ...init, body: sent.counted(body) } : init,
        );
      },
      ...(parent !== undefined && { parentCommit: parent }),
      operations: files.map(({ name, path }) => ({
        operation: "addOrUpdate",
        path: name,
        content: FileBlob.open(path),
      })),
      useXet: false,
    });
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value?.commit.oid ?? "";
      if (
        step.value.event === "fileProgress" && step.value.state === "uploading" && step.value.progress === 1
      ) {
        sent.finish(step.value.path);
      }
    }
  }
}

/** How much of the large files is at the hub. */
class SentBytes {
  readonly #files: ReadonlyMap<string, PlannedFile>;
  readonly #progress: ProgressCallback;
  readonly #total: number;
  /** By file, or by part of a file. */
  readonly #bytes = new Map<string, number>();

  constructor(files: readonly PlannedFile[], progress: ProgressCallback = () => {}) {
    const large = files.filter(({ lfs }) => lfs);
    this.#files = new Map(large.map((file) => [file.name, file]));
    this.#total = large.reduce((sum, { size }) => sum + size, 0) / 1e6;
    this.#progress = progress;
  }

  counted(blob: FileBlob): FileBlob {
    return blob.counted((bytes) => {
      this.#bytes.set(blob.place, bytes);
      this.#tell();
    });
  }

  finish(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    for (const place of this.#bytes.keys()) {
      if (place.startsWith(`${file.path}:`)) this.#bytes.delete(place);
    }
    this.#bytes.set(name, file.size);
    this.#tell();
  }

  #tell(): void {
    this.#progress([...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6, this.#total);
  }
}

/** What exists already need not be made. */
async function ignoreConflict(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof HubError) || error.status !== 409) throw error;
  }
}
