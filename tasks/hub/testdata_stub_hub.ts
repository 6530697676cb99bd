import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { StubUploads } from "./testdata_stub_uploads.ts";

/** A file of the stub. */
export interface StubFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Kept in LFS: known by SHA-256, sent from another host. */
  readonly lfs: boolean;
}

/** A request that the stub got. */
export interface StubRequest {
  readonly method: string;
  /** Path with the query, undecoded. */
  readonly path: string;
  /** `hub`, or `cdn` for the host that large files come from and go to. */
  readonly host: "hub" | "cdn";
  readonly authorization: string | null;
  readonly range: string | null;
}

/** What the stub does instead of answering well. */
export type StubFault =
  | {
    readonly status: number;
    readonly code?: string;
    readonly message?: string;
    readonly retryAfter?: number;
  }
  /** The connection ends after so many bytes of the body. */
  | { readonly dropAfter: number }
  /** Nothing more comes after so many bytes of the body. */
  | { readonly stallAfter: number }
  /** All is done as asked, but the answer says that it is not. */
  | { readonly lostAnswer: true }
  /** The byte at this place is another one. */
  | { readonly corruptAt: number };

/** A repository of the stub, as it is at one revision. */
export class StubRepository {
  /** Files by path. */
  readonly files = new Map<string, StubFile>();
  /** First lines of the commits made here, the oldest first. */
  readonly commits: string[] = [];
  /** Branches and tags. */
  readonly refs = new Map<string, string>();
  /** Whether only requests with the stub's token see it. */
  private = false;
  /** Whether requests without the token are refused by name. */
  gated = false;

  /** Adds a file. */
  add(path: string, content: string | Uint8Array<ArrayBuffer>, lfs = false): this {
    this.files.set(path, {
      bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
      lfs,
    });
    return this;
  }
}

/** The only commit of a stub's repositories until something is uploaded. */
export const STUB_COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** The token that the stub takes. */
export const STUB_TOKEN = "hf_StubTokenThatNobodyMayPrint";

/**
 * A model hub in this process, on two ports of 127.0.0.1: the hub itself and the host of large files. It answers the requests that
 * `@huggingface/hub` and Python's `huggingface_hub` send for models, and can fail on purpose.
 */
export class StubHub implements AsyncDisposable {
  /** Repositories by name. */
  readonly repositories = new Map<string, StubRepository>();
  /** New names of renamed repositories by their old ones. */
  readonly renamed = new Map<string, string>();
  /** All requests, in order. */
  readonly requests: StubRequest[] = [];
  /** What is uploaded. */
  readonly uploads: StubUploads = new StubUploads(this);
  /** Whether ranges are honoured. */
  ranges = true;
  readonly #faults: { readonly pattern: RegExp; readonly fault: StubFault }[] = [];
  readonly #hub: Deno.HttpServer<Deno.NetAddr>;
  readonly #cdn: Deno.HttpServer<Deno.NetAddr>;
  readonly #stalled: (() => void)[] = [];

  /** Starts it on free ports. */
  constructor() {
    const serve = (host: "hub" | "cdn"): Deno.HttpServer<Deno.NetAddr> =>
      Deno.serve({
        hostname: "127.0.0.1",
        port: 0,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
      }, (
        request,
      ) => this.#answer(request, host));
    this.#hub = serve("hub");
    this.#cdn = serve("cdn");
  }

  /** What HF_ENDPOINT is set to. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** Where large files come from and go to. */
  get cdn(): string {
    return `http://127.0.0.1:${this.#cdn.addr.port}`;
  }

  /** Adds an empty repository with the branch `main`. */
  repository(name: string): StubRepository {
    const repository = new StubRepository();
    repository.refs.set("main", STUB_COMMIT);
    this.repositories.set(name, repository);
    return repository;
  }

  /** The next request whose `METHOD host path` matches fails so. */
  fail(pattern: RegExp, fault: StubFault, times = 1): void {
    for (let i = 0; i < times; i++) this.#faults.push({ pattern, fault });
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const resume of this.#stalled) resume();
    await Promise.all([this.#hub.shutdown(), this.#cdn.shutdown()]);
  }

  async #answer(request: Request, host: "hub" | "cdn"): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname + url.search;
    const { method, headers } = request;
    const authorization = headers.get("authorization");
    this.requests.push({ method, path, host, authorization, range: headers.get("range") });
    const index = this.#faults.findIndex(({ pattern }) => pattern.test(`${method} ${host} ${path}`));
    const fault = index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
    if (fault && "status" in fault) {
      await request.body?.cancel();
      return refusal(fault.status, fault.code, fault.message, fault.retryAfter);
    }
    if (method === "POST" || method === "PUT") {
      if (fault && "stallAfter" in fault) await new Promise<void>((resolve) => this.#stalled.push(resolve));
      const answer = await this.uploads.answer(url, request, host);
      return fault && "lostAnswer" in fault ? refusal(500) : answer;
    }
    if (host === "cdn") return this.#cdnFile(url, request, fault);
    return this.#hubAnswer(url, request, fault);
  }

  #hubAnswer(url: URL, request: Request, fault: StubFault | undefined): Response | Promise<Response> {
    const parts = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const isApi = parts[0] === "api";
    const at = isApi ? 2 : 0;
    const verbs = isApi ? ["revision", "tree"] : ["resolve"];
    const verbAt = parts.findIndex((part, i) => i > at && verbs.includes(part));
    const name = parts.slice(at, verbAt).join("/");
    const renamed = this.renamed.get(name);
    if (renamed !== undefined) {
      return new Response(null, {
        status: 307,
        headers: { location: path(url).replace(`/${name}/`, `/${renamed}/`) },
      });
    }
    const repository = this.repositories.get(name);
    const authorization = request.headers.get("authorization");
    if (authorization !== null && authorization !== `Bearer ${STUB_TOKEN}`) {
      return refusal(401, undefined, "Invalid credentials in Authorization header");
    }
    const isKnown = authorization !== null;
    if (repository === undefined || repository.private && !isKnown) {
      return refusal(isKnown ? 404 : 401, "RepoNotFound", "Repository not found");
    }
    const revision = parts[verbAt + 1]?.replace(/^HEAD$/, "main") ?? "";
    const commit = repository.refs.get(revision) ??
      ([...repository.refs.values()].find((it) => it === revision));
    if (commit === undefined) return refusal(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    if (parts[verbAt] === "revision") {
      const siblings = [...repository.files.keys()].map((rfilename) => ({ rfilename }));
      return Response.json({
        _id: "1",
        id: name,
        modelId: name,
        sha: commit,
        private: repository.private,
        gated: false,
        siblings,
      });
    }
    if (repository.gated && !isKnown) {
      return refusal(401, "GatedRepo", `Access to model ${name} is restricted`);
    }
    if (parts[verbAt] === "tree") return this.#tree(url, repository);
    return this.#resolve(request, repository, commit, parts.slice(verbAt + 2).join("/"), fault);
  }

  /** The list of files in pages of five. */
  #tree(url: URL, repository: StubRepository): Response {
    const page = Number(url.searchParams.get("cursor") ?? 0);
    const isRecursive = url.searchParams.get("recursive")?.toLowerCase() === "true";
    const entries: Record<string, unknown>[] = [];
    for (const [path, { bytes, lfs }] of repository.files) {
      if (!isRecursive && path.includes("/")) continue;
      const pointer = { oid: sha256(bytes), size: bytes.length, pointerSize: 134 };
      entries.push({
        type: "file",
        path,
        size: bytes.length,
        oid: gitHash(bytes),
        ...(lfs && { lfs: pointer }),
      });
    }
    const next = new URL(path(url), this.endpoint);
    next.searchParams.set("cursor", String(page + 5));
    const headers = page + 5 < entries.length ? { link: `<${next.href}>; rel="next"` } : undefined;
    return Response.json(entries.slice(page, page + 5), headers && { headers });
  }

  #resolve(
    request: Request,
    repository: StubRepository,
    commit: string,
    name: string,
    fault: StubFault | undefined,
  ): Response {
    const file = repository.files.get(name);
    if (file === undefined) return refusal(404, "EntryNotFound", "Entry not found");
    const headers = { "x-repo-commit": commit, etag: `"${gitHash(file.bytes)}"` };
    if (!file.lfs) return this.#bytes(request, file.bytes, headers, fault);
    const hash = sha256(file.bytes);
    const location = `${this.cdn}/${hash}?signature=secret`;
    const linked = { "x-linked-size": String(file.bytes.length), "x-linked-etag": `"${hash}"`, location };
    return new Response(null, { status: 302, headers: { ...headers, ...linked } });
  }

  #cdnFile(url: URL, request: Request, fault: StubFault | undefined): Response {
    for (const { files } of this.repositories.values()) {
      for (const { bytes, lfs } of files.values()) {
        if (lfs && `/${sha256(bytes)}` === url.pathname) {
          return this.#bytes(request, bytes, { etag: `"${sha256(bytes)}"` }, fault);
        }
      }
    }
    return new Response(null, { status: 404 });
  }

  #bytes(
    request: Request,
    bytes: Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    fault: StubFault | undefined,
  ): Response {
    const begin = this.ranges
      ? Number(/^bytes=(\d+)-/.exec(request.headers.get("range") ?? "")?.[1] ?? 0)
      : 0;
    const part = bytes.slice(begin);
    const ranged = begin > 0 && { "content-range": `bytes ${begin}-${bytes.length - 1}/${bytes.length}` };
    const all = { ...headers, ...ranged, "content-length": String(part.length), "accept-ranges": "bytes" };
    const init = { status: begin > 0 ? 206 : 200, headers: all };
    if (request.method === "HEAD" || fault === undefined) {
      return new Response(request.method === "HEAD" ? null : part, init);
    }
    if ("corruptAt" in fault) {
      part[fault.corruptAt] = (part[fault.corruptAt] ?? 0) ^ 1;
      return new Response(part, init);
    }
    const sent = "dropAfter" in fault ? fault.dropAfter : "stallAfter" in fault ? fault.stallAfter : 0;
    const stalls = "stallAfter" in fault;
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (pulls++ === 0 && sent > 0) return controller.enqueue(part.subarray(0, sent));
        if (stalls) await new Promise<void>((resolve) => this.#stalled.push(resolve));
        else await new Promise((resolve) => setTimeout(resolve, 100)); // what was sent is to arrive
        controller.error(new Error("dropped"));
      },
    }, { highWaterMark: 0 });
    return new Response(body, init);
  }
}

function path(url: URL): string {
  return url.pathname + url.search;
}

/** An answer as the hub gives it to a request that it refuses. */
export function refusal(status: number, code?: string, message?: string, retryAfter?: number): Response {
  const headers = new Headers();
  if (code !== undefined) headers.set("x-error-code", code);
  if (message !== undefined) headers.set("x-error-message", message);
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  return Response.json({ error: message ?? "" }, { status, headers });
}

/** Hex SHA-256 of bytes. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Git's hash of a file's bytes. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(Buffer.from(`blob ${bytes.length}\0`)).update(bytes).digest("hex");
}
