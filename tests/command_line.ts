/** The command line as a user runs it: a process of its own, what it prints, and what it leaves on the disk. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommandLine } from "@lukeforge/tasks";

const MAIN = fileURLToPath(new URL("../tasks/main.ts", import.meta.url));

/** A network and a training that take a second or two on the sample. */
export const TINY = [
  ...["--vocab-size", "300", "--entity-vocab-size", "60", "--num-layers", "1", "--hidden-size", "16"],
  ...[
    "--num-attention-heads",
    "2",
    "--intermediate-size",
    "32",
    "--entity-emb-size",
    "8",
    "--batch-size",
    "8",
  ],
  ...["--max-steps", "24", "--save-steps", "5", "--logging-steps", "4", "--device", "cpu", "--threads", "2"],
];

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Lines of standard error, without empty ones. */
  readonly errors: readonly string[];
}

function command(
  args: readonly string[],
  env: Record<string, string>,
  stdin: "null" | "piped" = "null",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command to its end. */
export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return endOf(await command(args, env).output());
}

/** Runs a command to its end with standard input. */
export async function runWithInput(input: Uint8Array<ArrayBuffer>, args: readonly string[]): Promise<Ended> {
  const child = command(args, {}, "piped").spawn();
  const writer = child.stdin.getWriter();
  await writer.write(input);
  await writer.close();
  return endOf(await child.output());
}

/** What a command said that ran in this process. */
export interface Said {
  readonly code: number | undefined;
  /** Standard output. */
  readonly lines: readonly string[];
  /** What went to the terminal beside it. */
  readonly aside: string;
  readonly errors: readonly string[];
}

/** Runs a command in this process, which takes a tenth of the time of {@linkcode run}. */
export async function runHere(args: readonly string[]): Promise<Said> {
  const lines: string[] = [], errors: string[] = [];
  let aside = "";
  const progress = { write: (text: string) => void (aside += text), redraws: false, columns: 80 };
  const reporter = { progress, line: (text: string) => void lines.push(text) };
  const code = await runCommandLine(args, reporter, (text) => void errors.push(text));
  return { code, lines, aside, errors };
}

function endOf({ code, stdout, stderr }: Deno.CommandOutput): Ended {
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    errors: decoder.decode(stderr).split("\n").filter((line) => line.trim() !== ""),
  };
}

/**
 * Starts a command and sends it a signal as soon as `isTime()` holds; asked every millisecond.
 *
 * @returns how it ended, and whether the signal came before its end.
 */
export async function runAndSignal(
  args: readonly string[],
  signal: Deno.Signal,
  isTime: () => boolean,
  env: Record<string, string> = {},
): Promise<Ended & { readonly signalled: boolean }> {
  const child = command(args, env).spawn();
  let ended = false, signalled = false;
  const output = child.output().finally(() => ended = true);
  while (!ended && !isTime()) await new Promise((resolve) => setTimeout(resolve, 1));
  if (!ended) {
    try {
      child.kill(signal);
      signalled = true;
    } catch {
      // it ended just now
    }
  }
  return { ...endOf(await output), signalled };
}

/** A directory that is removed at the end of the test. */
export class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "lukeforge-"));

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** SHA-256 of every file under a directory, by path. */
export function digests(directory: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(directory, { recursive: true }).map(String).sort()) {
    const path = join(directory, name);
    if (statSync(path).isFile()) {
      found.set(name, createHash("sha256").update(readFileSync(path)).digest("hex"));
    }
  }
  return found;
}
