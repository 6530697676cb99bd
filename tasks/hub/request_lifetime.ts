import { connectionError, HubError } from "./hub_error.ts";

/** The time that a request has; every sign of life begins it again. */
export class RequestLifetime {
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  readonly #unlisten: () => void;

  /** Begins; ends early when `outer` is aborted. */
  constructor(milliseconds: number, outer?: AbortSignal | null) {
    this.#milliseconds = milliseconds;
    const abort = (): void => this.#controller.abort();
    if (outer?.aborted) abort();
    outer?.addEventListener("abort", abort);
    this.#unlisten = () => outer?.removeEventListener("abort", abort);
    this.renew();
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins the time again. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, this.#milliseconds);
  }

  /** Ends without consequences. */
  end(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }

  /** What a failure of the connection comes to. */
  error(cause: unknown): HubError {
    if (cause instanceof HubError) return cause;
    if (this.#isOver) return new HubError(`no answer within ${Math.round(this.#milliseconds / 1000)} s`);
    return connectionError(cause);
  }
}
