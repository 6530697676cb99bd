import { existsSync, readFileSync } from "node:fs";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import { type LukeConfig, validateLukeConfig } from "@lukeforge/model";
import { camelCase, snakeCase } from "./name_case.ts";

/** `network.json` of a run directory: the shape of its network, under the names of {@linkcode LukeConfig} in snake case. */
export function writeRunNetwork(path: string, config: LukeConfig): void {
  const named = Object.entries(config).map(([name, value]) => [snakeCase(name), value]);
  writeFileAtomic(path, JSON.stringify(Object.fromEntries(named), null, 2) + "\n");
}

/**
 * The network that {@linkcode writeRunNetwork} wrote; undefined before.
 *
 * @throws {UserError} when the file is damaged.
 */
export function readRunNetwork(path: string): LukeConfig | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const named = Object.entries(JSON.parse(readFileSync(path, "utf8")))
      .map(([name, value]) => [camelCase(name), value]);
    const config: LukeConfig = Object.fromEntries(named);
    validateLukeConfig(config);
    return config;
  } catch (error) {
    throw new UserError(
      `${path}: is not the shape of a network (${(error as Error).message}); give another --output-dir`,
    );
  }
}
