import { FileBlob } from "./file_blob.ts";
import { HubError, readAnswer, refusalError } from "./hub_error.ts";
import type { HubSettings } from "./hub_settings.ts";
import { RequestLifetime } from "./request_lifetime.ts";

/** The effects that a client works with; the real ones when left out. */
export interface HubEffects {
  /** Sends one request. */
  readonly fetch?: typeof globalThis.fetch;
  /** Waits so many milliseconds. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Takes what a user should know although nothing failed, in one line. */
  readonly notice?: (line: string) => void;
}

/** The settings that requests depend on. */
export type ClientSettings = Pick<HubSettings, "endpoint" | "token" | "timeout">;

const ATTEMPTS = 5;
const ATTEMPTS_TO_CONNECT = 2;
/** Longer pauses are told. */
const SILENT_PAUSE = 2000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
const MOST_REDIRECTS = 10;
/** The system takes some of a file before it is sent: so many time limits may pass without progress. */
const UPLOAD_PATIENCE = 4;
/** No list of files is longer. */
const LONGEST_ANSWER = 2 ** 26;
/** Bytes a millisecond at which a commit counts as moving. */
const SLOWEST_UPLOAD = 50;

/**
 * Sends requests to the hub: with the token for the hub alone, never for the hosts that it redirects to; with retries after
 * refusals that pass (429, 5xx) and lost connections.
 */
export class HubClient {
  readonly #settings: ClientSettings;
  readonly #fetch: typeof globalThis.fetch;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #notice: (line: string) => void;

  /** Makes a client; nothing is sent yet. */
  constructor(settings: ClientSettings, { fetch, sleep, notice }: HubEffects = {}) {
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
      const { timeout } = this.#settings;
      const file = init.body instanceof FileBlob ? init.body : undefined;
      const patience = file ? UPLOAD_PATIENCE * timeout : timeout + sizeOf(init.body) / SLOWEST_UPLOAD;
      const lifetime = new RequestLifetime(patience, init.signal);
      const body = file?.counted(() => lifetime.renew()) ?? init.body;
      try {
        const response = await this.#send(url, body ? { ...init, body } : init, lifetime.signal);
        const answer = await readAnswer(response, LONGEST_ANSWER);
        return new Response(answer.length === 0 ? null : answer, response);
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
   * @returns the answer's status and headers, and its bytes; a pause of the time limit ends them with {@linkcode HubError}.
   */
  async stream(
    address: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; chunks: AsyncIterable<Uint8Array> }> {
    const lifetime = new RequestLifetime(this.#settings.timeout);
    try {
      const response = await this.#send(new URL(address), { headers }, lifetime.signal);
      return {
        status: response.status,
        headers: response.headers,
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
    const pause = Math.min(LONGEST_PAUSE, Math.max(error.pause, FIRST_PAUSE * 2 ** (attempt - 1)));
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
      if (!isRedirect || location === null) throw await refusalError(response);
      await response.body?.cancel().catch(() => {});
      url = new URL(location, url);
    }
    throw new HubError("is redirected without end", 302);
  }
}

async function* readChunks(response: Response, lifetime: RequestLifetime): AsyncGenerator<Uint8Array> {
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

function sizeOf(body: BodyInit | null | undefined): number {
  if (body instanceof Blob) return body.size;
  return typeof body === "string" ? body.length : 0;
}
