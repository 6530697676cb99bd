/** `build-dump-db` killed in mid-build. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { run, runAndSignal, type TemporaryDirectory } from "./command_line.ts";

/** What a build that is not killed makes, and how long it takes. */
export interface WholeBuild {
  readonly bytes: Uint8Array;
  readonly milliseconds: number;
}

/** Builds `dump` as `whole.db`. */
export async function buildWhole(dump: string, directory: TemporaryDirectory): Promise<WholeBuild> {
  const begun = performance.now();
  const { code, errors } = await run(["build-dump-db", dump, directory.file("whole.db")]);
  assert.equal(code, 0, errors.join("\n"));
  return { bytes: readFileSync(directory.file("whole.db")), milliseconds: performance.now() - begun };
}

/**
 * Kills a build after `milliseconds`, then builds again over what is left.
 *
 * @returns what was there after the kill; undefined when the build had ended before.
 * @throws {AssertionError} when anything half-written has the final name, or the second build makes anything else than the whole one.
 */
export async function killAndBuild(
  dump: string,
  directory: TemporaryDirectory,
  whole: WholeBuild,
  milliseconds: number,
): Promise<string[] | undefined> {
  const output = directory.file("killed.db");
  const names = (): string[] =>
    readdirSync(directory.path).filter((name) => name.startsWith("killed")).sort();
  const begun = performance.now();
  const args = ["build-dump-db", dump, output];
  const { signalled } = await runAndSignal(args, "SIGKILL", () => performance.now() - begun >= milliseconds);
  const left = names();
  if (existsSync(output)) {
    assert.ok(readFileSync(output).equals(whole.bytes), "half-written under its final name");
  }
  const { code, errors } = await run(args);
  assert.equal(code, 0, errors.join("\n"));
  assert.ok(readFileSync(output).equals(whole.bytes), "differs from a build that was not killed");
  assert.deepEqual(names(), ["killed.db"]);
  rmSync(output);
  return signalled ? left : undefined;
}
