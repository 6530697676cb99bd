import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Resident bytes of the process after its garbage has been collected, so that what is left is held by someone. */
export function residentBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return Deno.memoryUsage().rss;
}
