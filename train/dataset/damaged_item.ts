import { UserError } from "@lukeforge/corpus";
import { COPY_AGAIN } from "./dataset_metadata.ts";

/**
 * Opens or reads `path`.
 *
 * @throws {UserError} what the system says of it: it may have been removed since the data set was opened.
 */
export function readingShard<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as Error).message}); check the file and its disk`);
  }
}

/** The error about an item whose bytes in `path` do not agree with their checksum. */
export function damagedItem(
  path: string,
  { place, item, offset }: {
    /** Number within the shard. */
    readonly place: number;
    /** Number within the data set. */
    readonly item: number;
    /** Where in the file. */
    readonly offset: number;
  },
): UserError {
  const ofAll = place === item ? "" : `item ${item} of the data set, `;
  return new UserError(
    `${path}, item ${place} (${ofAll}byte ${offset}): damaged, its checksum does not agree; ${COPY_AGAIN}`,
  );
}
