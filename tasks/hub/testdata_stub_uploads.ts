import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { refusal, sha256, STUB_TOKEN, type StubHub, type StubRepository } from "./testdata_stub_hub.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a stub hub does with requests that change it: repositories, branches, large files (whole or in parts), commits. */
export class StubUploads {
  readonly #hub: StubHub;
  /** Large files that arrived, committed or not, by hash. */
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Larger objects are sent in parts of so many bytes. */
  partSize = 200_000;
  /** What was asked for new repositories. */
  readonly created: Json[] = [];
  readonly #parts = new Map<string, Uint8Array<ArrayBuffer>>();

  /** Takes the hub that it belongs to. */
  constructor(hub: StubHub) {
    this.#hub = hub;
  }

  /** Answers a POST or PUT. */
  async answer(url: URL, request: Request, host: "hub" | "cdn"): Promise<Response> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (host === "cdn") return this.#store(url, request, bytes);
    if (url.pathname === "/api/validate-yaml") {
      return validated(JSON.parse(new TextDecoder().decode(bytes)).content);
    }
    if (request.headers.get("authorization") !== `Bearer ${STUB_TOKEN}`) {
      return refusal(401, undefined, "Unauthorized");
    }
    const text = new TextDecoder().decode(bytes);
    if (url.pathname === "/api/repos/create") return this.#create(JSON.parse(text));
    const lfs = /^\/(.*)\.git\/info\/lfs\/objects\/batch$/.exec(url.pathname);
    if (lfs) return this.#batch(JSON.parse(text).objects);
    const [, name = "", verb, encoded = ""] =
      /^\/api\/models\/(.*)\/(preupload|commit|branch)\/([^/]*)$/.exec(url.pathname) ?? [];
    const repository = this.#hub.repositories.get(name), branch = decodeURIComponent(encoded);
    if (repository === undefined) return refusal(404, "RepoNotFound", "Repository not found");
    if (verb === "branch") {
      if (repository.refs.has(branch)) return refusal(409, undefined, "Reference already exists");
      repository.refs.set(branch, repository.refs.get("main") ?? "");
      return Response.json({});
    }
    if (!repository.refs.has(branch)) return refusal(404, "RevisionNotFound", `Invalid rev id: ${branch}`);
    return verb === "preupload"
      ? preupload(JSON.parse(text).files)
      : this.#commit(repository, name, branch, text);
  }

  #create(payload: Json): Response {
    const name = `${payload.organization}/${payload.name}`;
    if (this.#hub.repositories.has(name)) {
      return refusal(409, undefined, "You already created this model repo");
    }
    this.created.push(payload);
    this.#hub.repository(name).private = payload.visibility === "private";
    return Response.json({ url: `${this.#hub.endpoint}/${name}`, id: name });
  }

  #batch(objects: readonly { oid: string; size: number }[]): Response {
    const answers = objects.map(({ oid, size }) => {
      if (this.objects.has(oid)) return { oid, size };
      const href = `${this.#hub.cdn}/upload/${oid}?signature=secret`;
      if (size <= this.partSize) return { oid, size, actions: { upload: { href } } };
      const count = Math.ceil(size / this.partSize);
      const parts = Array.from({ length: count }, (_, i) => [
        String(i + 1).padStart(5, "0"),
        `${this.#hub.cdn}/upload/${oid}/${i + 1}?signature=secret`,
      ]);
      const header = { chunk_size: String(this.partSize), ...Object.fromEntries(parts) };
      return { oid, size, actions: { upload: { href, header } } };
    });
    return Response.json({ transfer: "basic", objects: answers });
  }

  /** As S3: signed addresses, so no token; a length, so no chunks. */
  #store(url: URL, request: Request, bytes: Uint8Array<ArrayBuffer>): Response {
    if (request.headers.has("authorization")) {
      return refusal(400, undefined, "Only one auth mechanism allowed");
    }
    if (request.method === "PUT" && !request.headers.has("content-length")) return refusal(411);
    const [, oid = "", part] = url.pathname.slice(1).split("/");
    if (part !== undefined) {
      this.#parts.set(url.pathname, bytes);
      return new Response(null, { headers: { etag: `"part-${part}"` } });
    }
    const whole = request.method === "PUT"
      ? bytes
      : this.#joined(oid, JSON.parse(new TextDecoder().decode(bytes)));
    if (whole === undefined || sha256(whole) !== oid) {
      return refusal(400, undefined, "The hash is another one");
    }
    this.objects.set(oid, whole);
    return new Response(null, { headers: { etag: '"whole"' } });
  }

  #joined(
    oid: string,
    { parts }: { parts: readonly { partNumber: number; etag: string }[] },
  ): Uint8Array<ArrayBuffer> | undefined {
    if (!parts.every(({ partNumber, etag }) => etag === `"part-${partNumber}"`)) return undefined;
    const bytes = parts.map(({ partNumber }) =>
      this.#parts.get(`/upload/${oid}/${partNumber}`) ?? new Uint8Array()
    );
    return new Uint8Array(Buffer.concat(bytes));
  }

  #commit(repository: StubRepository, name: string, branch: string, text: string): Response {
    const [header, ...operations] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    const parent = header.value.parentCommit;
    if (parent !== undefined && parent !== repository.refs.get(branch)) {
      return refusal(412, undefined, "A commit has happened since. Please refresh and try again.");
    }
    for (const { key, value } of operations) {
      if (key === "file") repository.add(value.path, new Uint8Array(Buffer.from(value.content, "base64")));
      else if (key === "lfsFile") {
        const bytes = this.objects.get(value.oid);
        if (bytes === undefined) {
          return refusal(400, undefined, `LFS pointer points to nothing: ${value.path}`);
        }
        repository.add(value.path, bytes, true);
      }
    }
    repository.commits.push(header.value.summary);
    const oid = createHash("sha1").update(text).update(String(repository.commits.length)).digest("hex");
    repository.refs.set(branch, oid);
    return Response.json({
      success: true,
      commitOid: oid,
      commitUrl: `${this.#hub.endpoint}/${name}/commit/${oid}`,
      hookOutput: "",
    });
  }
}

/** The check of a model card: a wrong license is an error, no metadata a remark. */
function validated(card: string): Response {
  const errors = card.includes("license: wrong") ? [{ message: '"license" must be one of those known' }] : [];
  const warnings = card.startsWith("---") ? [] : [{ message: "empty or missing yaml metadata in repo card" }];
  return Response.json({ errors, warnings }, { status: errors.length > 0 ? 400 : 200 });
}

function preupload(files: readonly { path: string; size: number }[]): Response {
  const isLarge = (path: string, size: number): boolean =>
    /\.(safetensors|bin|pt)$/.test(path) || size > 10 * 2 ** 20;
  return Response.json({
    files: files.map(({ path, size }) => ({
      path,
      uploadMode: isLarge(path, size) ? "lfs" : "regular",
      shouldIgnore: false,
    })),
  });
}
