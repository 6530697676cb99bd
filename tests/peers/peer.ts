import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** A Python script of this directory that takes turns: each number it reads is answered by the time of so many repetitions. */
export class Peer implements Disposable {
  /** What it says of itself. */
  readonly about: { readonly device: string; readonly peer: string };
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>, about: Peer["about"]) {
    this.#process = process;
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

  /** The whole answer to `count` repetitions: some scripts say what time their processors worked, too. */
  async answer(count: number): Promise<{ milliseconds: number; processorMilliseconds?: number }> {
    this.#process.stdin?.write(`${count}\n`);
    return await nextLine(this.#lines) as { milliseconds: number; processorMilliseconds?: number };
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
