import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** What a script answers: the least time of its repetitions; some also what time the processors worked, and what was made. */
export interface PeerAnswer {
  /** By the clock. */
  readonly milliseconds: number;
  /** Of all processors together. */
  readonly processorMilliseconds?: number;
  /** Items of a dataset. */
  readonly items?: number;
  /** Their words. */
  readonly tokens?: number;
  /** Their entities. */
  readonly entities?: number;
}

/** A Python script of this directory that takes turns: each number it reads is answered by the time of so many repetitions. */
export class Peer implements Disposable {
  /** Its process. */
  readonly pid: number;
  /** What it says of itself. */
  readonly about: { readonly device: string; readonly peer: string };
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>, about: Peer["about"]) {
    this.#process = process;
    this.pid = process.pid ?? NaN;
    this.#lines = lines;
    this.about = about;
  }

  /** Starts it and waits until it is ready. */
  static async start(python: string, script: string, args: readonly string[]): Promise<Peer> {
    const path = join(import.meta.dirname ?? ".", script);
    const child = spawn(python, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Peer(child, lines, await nextLine(lines) as Peer["about"]);
  }

  /** Milliseconds of one of `count` repetitions. */
  async turn(count: number): Promise<number> {
    return (await this.answer(count)).milliseconds;
  }

  /** The whole answer to `count` repetitions. */
  async answer(count: number): Promise<PeerAnswer> {
    this.#process.stdin?.write(`${count}\n`);
    return await nextLine(this.#lines) as PeerAnswer;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#process.stdin?.end();
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<unknown> {
  const { value, done } = await lines.next();
  if (done) throw new Error("the peer has ended without an answer");
  return JSON.parse(value);
}
