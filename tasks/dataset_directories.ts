import { statSync } from "node:fs";
import { glob } from "node:fs/promises";
import { UserError } from "@lukeforge/corpus";

/**
 * The dataset directories that are named: each by a path, a pattern (its matches by name), or several of these with commas between
 * them, as upstream's multilingual pretraining has them. A directory whose own name has a comma or a star is taken as it is.
 *
 * @param option for messages.
 * @throws {UserError} when a name matches no directory.
 */
export async function datasetDirectories(
  named: readonly string[],
  option = "--dataset-dir",
): Promise<string[]> {
  const directories: string[] = [];
  for (const name of named) {
    for (const part of isDirectory(name) ? [name] : splitAtCommas(name)) {
      const found = isDirectory(part) ? [part] : await matching(part);
      if (found.length === 0) {
        throw new UserError(
          `${option} ${part}: ${
            /[*?[{]/.test(part) ? "matches no directory" : "no such dataset directory"
          }; make one with build-wikipedia-pretraining-dataset`,
        );
      }
      directories.push(...found);
    }
  }
  return directories;
}

async function matching(pattern: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(pattern)) if (isDirectory(path)) found.push(path);
  return found.sort();
}

/** Commas in braces belong to a pattern. */
function splitAtCommas(text: string): string[] {
  return text.split(/,(?![^{]*\})/).filter((part) => part !== "");
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
