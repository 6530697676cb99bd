import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { TuningStore } from "./tuning_table.ts";

/** Where tables of tuning lie: `lukeforge/kernel_variants.json` in the user's directory for caches. */
export function tuningPath(): string {
  return join(
    process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
    "lukeforge",
    "kernel_variants.json",
  );
}

/** A store in a file, which need not exist. What cannot be read counts as empty. */
export function tuningFile(path: string = tuningPath()): TuningStore {
  return {
    read() {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
    write(text) {
      mkdirSync(dirname(path), { recursive: true });
      const temporary = `${path}.${process.pid}`;
      writeFileSync(temporary, text);
      renameSync(temporary, path);
    },
  };
}
