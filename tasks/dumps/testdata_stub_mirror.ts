import { createHash } from "node:crypto";

/** What the stub does with one request for a file, instead of answering well. */
export type MirrorFault =
  | { readonly status: number; readonly retryAfter?: number }
  /** The connection ends after so many bytes. */
  | { readonly dropAfter: number }
  /** The byte at this place is another one. */
  | { readonly corruptAt: number };

/** A server of dumps on 127.0.0.1, with faults as ordered. */
export class StubMirror {
  /** Files by path, as `/iswiki/20220101/x.xml.bz2`. */
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Faults of the next requests for `.bz2` files, in order. */
  readonly faults: MirrorFault[] = [];
  /** The requests: path, `Range` and `If-Range`. */
  readonly requests: string[] = [];
  /** Whether it answers to `Range`. */
  ranges = true;
  /** Whether `.bz2` files are found by a redirect only. */
  redirects = false;
  /** The ETag of every file. */
  etag = '"1"';
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  /** Its address. */
  get address(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Adds a dump with `dumpstatus.json`; `files` by name. */
  addDump(
    wiki: string,
    date: string,
    files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
    status = "done",
    job = "articlesdump",
  ): this {
    const listed = Object.entries(files).map(([name, bytes]) => {
      this.files.set(`/${wiki}/${date}/${name}`, bytes);
      const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest("hex");
      return [name, { size: bytes.length, sha1: digest("sha1"), md5: digest("md5") }];
    });
    const jobs = { [job]: { status, files: Object.fromEntries(listed) } };
    this.addText(`/${wiki}/${date}/dumpstatus.json`, JSON.stringify({ version: "0.8", jobs }));
    const index = `/${wiki}/`;
    const before = new TextDecoder().decode(this.files.get(index) ?? new Uint8Array());
    return this.addText(index, `${before}<a href="${date}/">${date}/</a>\n`);
  }

  /** Adds a page or a list. */
  addText(path: string, text: string): this {
    this.files.set(path, new TextEncoder().encode(text));
    return this;
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    const ifRange = request.headers.get("if-range");
    this.requests.push([pathname, range, ifRange].filter((part) => part !== null).join(" "));
    const path = pathname.replace(/^\/elsewhere/, "");
    const bytes = this.files.get(path);
    if (bytes === undefined) return new Response("not here", { status: 404 });
    const isDump = path.endsWith(".bz2");
    if (isDump && this.redirects && path === pathname) {
      return new Response(null, { status: 302, headers: { location: `/elsewhere${path}` } });
    }
    const fault = isDump ? this.faults.shift() : undefined;
    if (fault !== undefined && "status" in fault) {
      const headers = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      return new Response("no", { status: fault.status, headers });
    }
    const [, from] = /^bytes=(\d+)-$/.exec(range ?? "") ?? [];
    const begin = this.ranges && from !== undefined && (ifRange === null || ifRange === this.etag)
      ? Number(from)
      : 0;
    if (begin >= bytes.length && begin > 0) return new Response("beyond", { status: 416 });
    const isPart = begin > 0;
    let body = bytes.slice(begin);
    if (fault !== undefined && "corruptAt" in fault) {
      const at = fault.corruptAt - begin;
      body[at] = (body[at] ?? 0) ^ 1;
    }
    const headers = {
      "content-length": String(body.length),
      etag: this.etag,
      ...(isPart && { "content-range": `bytes ${begin}-${bytes.length - 1}/${bytes.length}` }),
    };
    if (fault !== undefined && "dropAfter" in fault) {
      body = body.slice(0, fault.dropAfter);
      const stream = new ReadableStream<Uint8Array>({
        start(controller): void {
          controller.enqueue(body);
        },
        async pull(controller): Promise<void> {
          await new Promise((resolve) => setTimeout(resolve, 50));
          controller.error(new Error("dropped"));
        },
      }, { highWaterMark: 0 });
      return new Response(stream, { status: isPart ? 206 : 200, headers });
    }
    return new Response(body, { status: isPart ? 206 : 200, headers });
  }
}
