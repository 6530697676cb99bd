/** What Deno says of connections that cannot be made, and what a user is told. */
const UNREACHABLE: readonly (readonly [said: RegExp, reason: string])[] = [
  [/dns|resolve|lookup/i, "its address cannot be found"],
  [/refused/i, "the connection is refused"],
  [/certificate|tls|handshake/i, "its certificate is not trusted"],
  [/unreachable/i, "the network is unreachable"],
];

/** Bytes of an answer that a reason is looked for in. */
const LONGEST_REFUSAL = 10_000;

/** A request to the hub that failed for good: after the retries, where a retry may help. */
export class HubError extends Error {
  /** Status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** The hub's word for what went wrong: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`. */
  readonly code: string | undefined;
  /** Milliseconds that the hub asks to wait before the next request. */
  readonly pause: number;

  /** Takes a short reason that names no address: signed addresses are secrets, too. */
  constructor(message: string, status?: number, code?: string, pause = 0) {
    super(message);
    this.name = "HubError";
    this.status = status;
    this.code = code;
    this.pause = pause;
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

/** What a failure of the connection comes to. Its own text may name an address that is signed, and is not told. */
export function connectionError(cause: unknown): HubError {
  if (cause instanceof HubError) return cause;
  const message = cause instanceof Error ? `${cause.message} ${cause.cause ?? ""}` : String(cause);
  return new HubError(UNREACHABLE.find(([said]) => said.test(message))?.[1] ?? "the connection was lost");
}

/** What the hub says of a request that it refuses, in a header or in JSON. */
export async function refusalError(response: Response): Promise<HubError> {
  const { status, headers } = response;
  const code = headers.get("x-error-code") ?? undefined;
  const text = await readAnswer(response, LONGEST_REFUSAL).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => "",
  );
  const [, inJson] = /"(?:error|message)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text) ??
    [];
  const said = (headers.get("x-error-message") ?? inJson)?.replace(/(?:\\.|[\s\p{C}])+/gu, " ").slice(0, 200);
  const message = `answers ${status}${said ? ` (${said})` : ""}`;
  const seconds = Number(headers.get("retry-after"));
  return new HubError(message, status, code, seconds > 0 ? 1000 * seconds : 0);
}

/** The body of an answer, whole. @throws {HubError} when it is longer than `most` bytes. */
export async function readAnswer(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw new HubError("answers without end", response.status);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
