import { readFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import type { HubClient } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";

/**
 * Asks the hub whether it takes the metadata of the model card at `path`: it would refuse the whole commit for it, after all large
 * files were sent.
 *
 * @returns what it has to remark, a sentence each.
 * @throws {UserError} when it does not take it.
 */
export async function checkModelCard(client: HubClient, endpoint: string, path: string): Promise<string[]> {
  const body = JSON.stringify({ content: readFileSync(path, "utf8"), repoType: "model" });
  let answer: unknown;
  try {
    const headers = { "content-type": "application/json" };
    const response = await client.fetch(`${endpoint}/api/validate-yaml`, { method: "POST", headers, body });
    answer = await response.json();
  } catch (error) {
    if (error instanceof HubError && error.status === 400) {
      throw new UserError(
        `${path}: the hub ${error.message}; mend the metadata between the lines --- at the beginning`,
      );
    }
    return []; // a mirror that has no such check; whether it can be reached shows next
  }
  if (typeof answer !== "object" || answer === null || !("warnings" in answer)) return [];
  const { warnings } = answer;
  if (!Array.isArray(warnings)) return [];
  return warnings.flatMap((warning) => typeof warning?.message === "string" ? [warning.message] : []);
}
