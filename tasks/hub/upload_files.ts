import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { openModel } from "@lukeforge/model";

/** A file of the directory to upload. */
export interface UploadFile {
  /** Where it goes in the repository: relative, with slashes. */
  readonly name: string;
  /** Where it is here. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** What of a directory is uploaded, and what is not. */
export interface UploadFiles {
  /** What is uploaded. */
  readonly files: readonly UploadFile[];
  /** Names of the files and directories that hold the state of a training. */
  readonly leftOut: readonly string[];
}

/** What only the continuation of a training needs: of this program, of transformers, of DeepSpeed. */
const TRAINING_STATE =
  /^(checkpoints|checkpoint-\d+|step-\d+|global_step\d+|optimizer\..+|scheduler\.pt|scaler\.pt|rng_state.*\.pth|trainer_state\.json|training_args\.bin|latest)$/;
const UNFINISHED = /\.(partial|incomplete|tmp)$/;

/**
 * Lists what `directory` has to upload, the state of a training only `withTrainingState`, and checks that it is a whole model:
 * `config.json`, weights that open, a model card. Hidden files are no part of it, except `.gitattributes`.
 *
 * @throws {UserError} when it is not, or a file in it is unfinished.
 * @throws {WeightsError} when configuration or weights cannot be opened.
 */
export function uploadFiles(directory: string, withTrainingState: boolean): UploadFiles {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UserError(`${directory}: no such directory; name the directory of a model`);
  }
  checkIsNoRun(directory);
  const files: UploadFile[] = [], leftOut: string[] = [];
  const collect = (folder: string): void => {
    for (const entry of readdirSync(join(directory, folder)).sort()) {
      const name = folder === "" ? entry : `${folder}/${entry}`;
      if (entry.startsWith(".") && entry !== ".gitattributes") continue;
      if (UNFINISHED.test(entry)) {
        throw new UserError(
          `${join(directory, name)}: is unfinished; wait for the program that writes it, or remove it`,
        );
      }
      if (TRAINING_STATE.test(entry) && !withTrainingState) {
        leftOut.push(name);
        continue;
      }
      const path = join(directory, name);
      const stat = statSync(path); // of what a link leads to: files of a cache are links
      if (stat.isDirectory() && lstatSync(path).isSymbolicLink()) {
        throw new UserError(
          `${path}: is a link to a directory, which may be anything; copy it there, or remove it`,
        );
      }
      if (stat.isDirectory()) collect(name);
      else if (stat.isFile()) files.push({ name, path, size: stat.size });
    }
  };
  collect("");
  checkModel(directory);
  return { files, leftOut };
}

function checkIsNoRun(directory: string): void {
  const config = join(directory, "config.json");
  if (!existsSync(config)) return;
  if (
    existsSync(join(directory, "model", "config.json")) &&
    readFileSync(config, "utf8").includes('"lukeforge-run-')
  ) {
    throw new UserError(
      `${directory}: is the directory of a run; upload the model in it: ${join(directory, "model")}`,
    );
  }
}

function checkModel(directory: string): void {
  using model = openModel(directory);
  const [tensor] = model.report.misshapen;
  if (tensor !== undefined) {
    throw new UserError(
      `${directory}: ${tensor.name} has the shape [${tensor.found}], not [${tensor.expected}] as config.json says; ` +
        "export the model again",
    );
  }
  if (!existsSync(join(directory, "README.md"))) {
    throw new UserError(
      `${directory}: has no README.md, the model card that tells others what it is; write one there`,
    );
  }
}
