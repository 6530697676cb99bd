import { UserError } from "@lukeforge/corpus";
import { COPY_AGAIN } from "./dataset_metadata.ts";

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
