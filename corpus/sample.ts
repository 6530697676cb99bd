import { fileURLToPath } from "node:url";
import { UserError } from "./user_error.ts";

/**
 * Path of the sample dump: the Encyclopedia of the Orlen Isles, 144 articles about an invented archipelago, written by hand for
 * this project, in a MediaWiki export (schema 0.11) that uses the wikitext a reader of dumps has to cope with.
 *
 * @throws {UserError} when this module was not loaded from a file, so that there is no folder to look in.
 */
export function sampleDumpPath(): string {
  const url = new URL("./sample/encyclopedia.xml", import.meta.url);
  if (url.protocol !== "file:") {
    throw new UserError(`${url.href}: the sample dump must be a file: download it and give its path`);
  }
  return fileURLToPath(url);
}
