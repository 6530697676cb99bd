import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { listFiles, modelInfo } from "@huggingface/hub";
import { gitBlobHash } from "./download_blob.ts";
import type { HubClient } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";
import type { UploadFile } from "./upload_files.ts";

/** A file and what is at the hub under its name. */
export interface PlannedFile extends UploadFile {
  /** Whether the hub has nothing of the name, something else, or the same bytes. */
  readonly state: "new" | "changed" | "same";
  /** Whether it is kept in LFS; of new files the hub decides, and this is its rule. */
  readonly lfs: boolean;
}

/** What an upload would do. */
export interface UploadPlan {
  /** Whether the repository can be seen: private ones need a token. */
  readonly repositoryExists: boolean;
  /** Whether it has the branch. */
  readonly branchExists: boolean;
  /** Whether others cannot see it. */
  readonly isPrivate: boolean;
  /** The last commit of the branch. */
  readonly commit?: string;
  /** The directory's files. */
  readonly files: readonly PlannedFile[];
  /** What else is at the hub; it stays. */
  readonly others: readonly string[];
}

/** Where an upload goes. */
export interface UploadTarget {
  /** `OWNER/NAME`. */
  readonly repository: string;
  /** Branch of it. */
  readonly branch: string;
  /** The hub's address. */
  readonly endpoint: string;
}

/** Compares `files` with what is at the hub, by hash where the sizes are the same. @throws {HubError} */
export async function planUpload(
  client: HubClient,
  { repository: name, branch, endpoint: hubUrl }: UploadTarget,
  files: readonly UploadFile[],
): Promise<UploadPlan> {
  const { fetch } = client;
  const repository = await orAbsent(modelInfo({ name, hubUrl, fetch }));
  const atBranch = repository &&
    await orAbsent(modelInfo({ name, hubUrl, fetch, revision: branch, additionalFields: ["sha"] }));
  const remote = new Map<string, { size: number; hash: string; lfs: boolean }>();
  if (atBranch) {
    const listed = listFiles({
      repo: { type: "model", name },
      hubUrl,
      fetch,
      revision: atBranch.sha,
      recursive: true,
    });
    for await (const { path, type, oid, lfs, size } of listed) {
      if (type !== "file") continue;
      remote.set(path, { size: lfs?.size ?? size, hash: lfs?.oid ?? oid ?? "", lfs: lfs !== undefined });
    }
  }
  const planned: PlannedFile[] = [];
  for (const file of files) {
    const there = remote.get(file.name);
    remote.delete(file.name);
    if (there === undefined) planned.push({ ...file, state: "new", lfs: isForLfs(file) });
    else {
      const isSame = there.size === file.size && await hashOf(file, there.lfs) === there.hash;
      planned.push({ ...file, state: isSame ? "same" : "changed", lfs: there.lfs });
    }
  }
  return {
    repositoryExists: repository !== undefined,
    branchExists: atBranch !== undefined,
    isPrivate: repository?.private ?? false,
    ...(atBranch && { commit: atBranch.sha }),
    files: planned,
    others: [...remote.keys()].filter((path) => path !== ".gitattributes").sort(),
  };
}

/** The answer; undefined where the hub has no such thing, or shows it to others only. */
async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const isAbsent = error instanceof HubError &&
      (error.code === "RepoNotFound" || error.code === "RevisionNotFound" || error.status === 404);
    if (isAbsent) return undefined;
    throw error;
  }
}

async function hashOf({ path, size }: UploadFile, lfs: boolean): Promise<string> {
  const hash = lfs ? createHash("sha256") : gitBlobHash(size);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The endings in the `.gitattributes` that the hub gives a new repository. */
const LFS_ENDING =
  /\.(7z|arrow|bin|bz2|ckpt|ftz|gz|h5|joblib|mlmodel|model|msgpack|npy|npz|onnx|ot|parquet|pb|pickle|pkl|pt|pth|rar|safetensors|tar|tflite|tgz|wasm|xz|zip|zst)$/;
const LARGEST_IN_GIT = 10 * 2 ** 20;

function isForLfs({ name, size }: UploadFile): boolean {
  return LFS_ENDING.test(name) || size > LARGEST_IN_GIT;
}
