import type { HubSettings } from "./hub_settings.ts";

/** A request to the hub that failed for good: after the retries, where a retry may help. */
export class HubError extends Error {
  /** Status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** The hub's word for what went wrong: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`. */
  readonly code: string | undefined;

  /** Takes a short reason that names no address: signed addresses are secrets, too. */
  constructor(message: string, status?: number, code?: string) {
    super(message);
    this.name = "HubError";
    this.status = status;
    this.code = code;
  }

  /** Whether no connection could be made: seldom a matter of seconds. */
  get isUnreachable(): boolean {
    return this.status === undefined && UNREACHABLE.some(([, reason]) => reason === this.message);
  }

  /** Whether the hub, or the way to it, was at fault, so that later or elsewhere the same request may succeed. */
  get isOutage(): boolean {
    return this.status === undefined || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The effects that a client works with; the real ones when left out. */
export interface HubEffects {
  /** Sends one request. */
  readonly fetch?: typeof globalThis.fetch;
  /** Waits so many milliseconds. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Takes what a user should know although nothing failed, in one line. */
  readonly notice?: (line: string) => void;
}

/** What Deno says of connections that cannot be made, and what a user is told. */
const UNREACHABLE: readonly (readonly [said: RegExp, reason: string])[] = [
  [/dns|resolve|lookup/i, "its address cannot be found"],
  [/refused/i, "the connection is refused"],
  [/certificate|tls|handshake/i, "its certificate is not trusted"],
  [/unreachable/i, "the network is unreachable"],
];

const ATTEMPTS = 5;
const ATTEMPTS_TO_CONNECT = 2;
/** Longer pauses are told. */
const SILENT_PAUSE = 2000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
const MOST_REDIRECTS = 10;
/** Characters of an answer that a reason is looked for in. */
const LONGEST_REFUSAL = 10_000;
/** Bytes a millisecond at which an upload counts as moving. */
const SLOWEST_UPLOAD = 50;

/**
 * Sends requests to the hub: with the token for the hub alone, never for the hosts that it redirects to; with retries after
 * refusals that pass (429, 5xx) and lost connections.
 */
export class HubClient {
  readonly #settings: HubSettings;
  readonly #fetch: typeof globalThis.fetch;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #notice: (line: string) => void;

  /** Makes a client; nothing is sent yet. */
  constructor(settings: HubSettings, { fetch, sleep, notice }: HubEffects = {}) {
    this.#notice = notice ?? (() => {});
    this.#settings = settings;
    this.#fetch = fetch ?? globalThis.fetch;
    this.#sleep = sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  }

  /**
   * As the web's `fetch`, for `@huggingface/hub`. The answer has been read whole. A commit is sent once only: whether it was made
   * is not known when its answer is lost.
   *
   * Rejects with {@linkcode HubError} for every answer that is no success.
   */
  readonly fetch: typeof globalThis.fetch = (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isCommit = init.method === "POST" && /\/commit\/[^/]*$/.test(url.pathname);
    return this.retry(async () => {
      const lifetime = this.#lifetime(
        this.#settings.timeout + sizeOf(init.body) / SLOWEST_UPLOAD,
        init.signal,
      );
      try {
        const response = await this.#send(url, init, lifetime.signal);
        const body = await response.arrayBuffer();
        return new Response(body.byteLength === 0 ? null : body, response);
      } catch (error) {
        throw init.signal?.aborted ? init.signal.reason : lifetime.error(error);
      } finally {
        lifetime.end();
      }
    }, isCommit ? 1 : ATTEMPTS);
  };

  /**
   * Begins one download, without retries.
   *
   * @returns the answer's status and range, and its bytes; a pause of the time limit ends them with {@linkcode HubError}.
   */
  async stream(
    address: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; range: string | null; chunks: AsyncIterable<Uint8Array> }> {
    const lifetime = this.#lifetime(this.#settings.timeout);
    try {
      const response = await this.#send(new URL(address), { headers }, lifetime.signal);
      return {
        status: response.status,
        range: response.headers.get("content-range"),
        chunks: readChunks(response, lifetime),
      };
    } catch (error) {
      lifetime.end();
      throw lifetime.error(error);
    }
  }

  /** Does `work` until it succeeds, with growing pauses while its {@linkcode HubError} is an outage. */
  async retry<T>(work: () => Promise<T>, attempts = ATTEMPTS): Promise<T> {
    for (let attempt = 1;; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof HubError) || !error.isOutage) throw error;
        if (attempt >= (error.isUnreachable ? Math.min(ATTEMPTS_TO_CONNECT, attempts) : attempts)) {
          throw error;
        }
        await this.pause(attempt, error);
      }
    }
  }

  /** Waits before the attempt after the one numbered `attempt` (from 1): 1, 2, 4, … seconds, or as long as the hub asked. */
  async pause(attempt: number, error: HubError): Promise<void> {
    const asked = error instanceof TooManyRequests ? error.pause : 0;
    const pause = Math.min(LONGEST_PAUSE, Math.max(asked, FIRST_PAUSE * 2 ** (attempt - 1)));
    if (pause > SILENT_PAUSE) {
      const { host } = new URL(this.#settings.endpoint);
      this.#notice(`${host}: ${error.message}; trying again in ${Math.round(pause / 1000)} s`);
    }
    await this.#sleep(pause);
  }

  /** One request with its redirects. */
  async #send(first: URL, init: RequestInit, signal: AbortSignal): Promise<Response> {
    let url = first;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const headers = new Headers(init.headers);
      headers.delete("authorization");
      const { endpoint, token } = this.#settings;
      if (token !== undefined && url.origin === new URL(endpoint).origin) {
        headers.set("authorization", `Bearer ${token}`);
      }
      const response = await this.#fetch(url, { ...init, headers, signal, redirect: "manual" });
      if (response.ok) return response;
      const location = response.headers.get("location");
      const isRead = (init.method ?? "GET") === "GET";
      const isRedirect = (isRead ? [301, 302, 303, 307, 308] : [307, 308]).includes(response.status);
      if (!isRedirect || location === null) throw await failure(response);
      await response.body?.cancel().catch(() => {});
      url = new URL(location, url);
    }
    throw new HubError("is redirected without end", 302);
  }

  #lifetime(milliseconds: number, outer?: AbortSignal | null): Lifetime {
    return new Lifetime(milliseconds, outer ?? undefined);
  }
}

/** The time that a request has; every sign of life begins it again. */
class Lifetime {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #unlisten: () => void;

  constructor(milliseconds: number, outer: AbortSignal | undefined) {
    this.#milliseconds = milliseconds;
    const abort = (): void => this.#controller.abort();
    if (outer?.aborted) abort();
    outer?.addEventListener("abort", abort);
    this.#unlisten = () => outer?.removeEventListener("abort", abort);
    this.renew();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }

  /** What a failure of the connection comes to. */
  error(cause: unknown): HubError {
    if (cause instanceof HubError) return cause;
    if (this.#isOver) return new HubError(`no answer within ${Math.round(this.#milliseconds / 1000)} s`);
    return new HubError(connectionReason(cause));
  }
}

async function* readChunks(response: Response, lifetime: Lifetime): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) {
      lifetime.renew();
      yield chunk;
    }
  } catch (error) {
    throw lifetime.error(error);
  } finally {
    lifetime.end();
  }
}

class TooManyRequests extends HubError {
  readonly pause: number;
  constructor(message: string, status: number, code: string | undefined, seconds: number) {
    super(message, status, code);
    this.pause = 1000 * seconds;
  }
}

/** What the hub says of a request that it refuses, in a header or in JSON. */
async function failure(response: Response): Promise<HubError> {
  const { status, headers } = response;
  const code = headers.get("x-error-code") ?? undefined;
  const text = await response.text().catch(() => "");
  const [, inJson] = /"(?:error|message)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text.slice(0, LONGEST_REFUSAL)) ??
    [];
  const said = (headers.get("x-error-message") ?? inJson)?.replace(/\\.|[\s\p{C}]+/gu, " ").slice(0, 200);
  const message = `answers ${status}${said ? ` (${said})` : ""}`;
  const seconds = Number(headers.get("retry-after"));
  if (seconds > 0) return new TooManyRequests(message, status, code, seconds);
  return new HubError(message, status, code);
}

/** Deno's reasons name the address, which may be signed: what stands after it is told. */
function connectionReason(cause: unknown): string {
  const message = cause instanceof Error ? `${cause.message} ${cause.cause ?? ""}` : String(cause);
  return UNREACHABLE.find(([said]) => said.test(message))?.[1] ?? "the connection was lost";
}

function sizeOf(body: BodyInit | null | undefined): number {
  if (body instanceof Blob) return body.size;
  return typeof body === "string" ? body.length : 0;
}
