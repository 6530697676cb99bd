import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { pathBeside, UserError } from "@lukeforge/corpus";
import { type Reporter, runStage, type Stage } from "./stage.ts";

/**
 * Runs a stage of a command of its own. Where its output exists, the stage is run beside it and compared: the same output stays as
 * it is, another one is never written over. A directory that is empty is no output yet.
 *
 * @param stageFor makes the stage for an output path.
 * @param isSame compares two outputs.
 * @throws {UserError} when the output that exists differs.
 */
export async function runOrCompare(
  output: string,
  stageFor: (output: string) => Stage,
  isSame: (a: string, b: string) => boolean,
  reporter: Reporter,
): Promise<void> {
  const fresh = pathBeside(output, ".compared.partial");
  rmSync(fresh, { recursive: true, force: true });
  if (isEmptyDirectory(output)) rmdirSync(output);
  if (!existsSync(output)) {
    await runStage(stageFor(output), reporter);
    return;
  }
  try {
    await runStage(stageFor(fresh), { progress: reporter.progress, line: () => {} });
    if (!isSame(output, fresh)) {
      throw new UserError(
        `${output}: exists already and was made from other input or options; remove it or name another output`,
      );
    }
    reporter.line(`${stageFor(output).name}: already there (${output})`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function isEmptyDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).length === 0;
}
