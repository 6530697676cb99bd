import { UserError } from "./user_error.ts";

/** What a worker answers where it cannot: the message of a {@link UserError}. */
export interface Refusal {
  /** The message. */
  readonly refused: string;
}

/** A worker that answers questions in the order in which it got them. */
export class AnsweringWorker<Question, Answer extends object> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #asked: PromiseWithResolvers<Answer>[] = [];
  #ended: Error | undefined;

  /**
   * Takes a worker over, with its listeners.
   *
   * @param name what messages call it, such as "a worker that makes items".
   */
  constructor(worker: Worker, name: string) {
    this.#worker = worker;
    this.#name = name;
    worker.onmessage = ({ data }: MessageEvent<Answer | Refusal>) => {
      const asked = this.#asked.shift();
      if ("refused" in data) asked?.reject(new UserError(data.refused));
      else asked?.resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`${name} stopped: ${event.message}`));
    };
  }

  /** Questions that it has not answered. */
  get waiting(): number {
    return this.#asked.length;
  }

  /** Sends what is no question. */
  tell(message: Question): void {
    this.#worker.postMessage(message);
  }

  /**
   * Asks a question; what is transferred is gone here.
   *
   * @throws {UserError} what the worker refuses. After that it answers the next question.
   * @throws {Error} when the worker has stopped or was ended.
   */
  ask(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const answer = Promise.withResolvers<Answer>();
    this.#asked.push(answer);
    this.#worker.postMessage(question, transfer);
    return answer.promise;
  }

  /** Ends the worker; what it has not answered is rejected. */
  end(): void {
    this.#end(new Error(`${this.#name} has ended`));
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#worker.terminate();
    for (const { reject } of this.#asked.splice(0)) reject(this.#ended);
  }
}
