import { statSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { isArchive, openModel } from "@lukeforge/model";
import { EntityVocab } from "@lukeforge/vocab";

/**
 * The entity vocabulary in a file, a model's directory, or an archive of LUKE's own repository.
 *
 * @throws {UserError} when there is none, or it cannot be read.
 * @throws {WeightsError} when an archive cannot be read.
 */
export function openEntityVocab(path: string): EntityVocab {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  if (!isFile || !isArchive(path)) return EntityVocab.load(path);
  using model = openModel(path);
  if (model.entityVocabPath === undefined) {
    throw new UserError(`${path}: the archive has no entity vocabulary; name a file of it by --entity-vocab`);
  }
  return EntityVocab.load(model.entityVocabPath);
}
