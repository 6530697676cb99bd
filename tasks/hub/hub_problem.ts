import { UserError } from "@lukeforge/corpus";
import type { HubError } from "./hub_error.ts";
import type { HubSettings } from "./hub_settings.ts";

/** The line for a request about the repository `name` that failed, or was not allowed, with what to do about it. */
export function hubProblem(
  error: HubError | "offline",
  name: string,
  revision: string,
  { endpoint, token }: HubSettings,
): UserError {
  const { host } = new URL(endpoint);
  const elsewhere =
    "download it where there is a connection and pass the directory, or set HF_ENDPOINT to a mirror";
  if (error === "offline") {
    return new UserError(
      `${name}: no such file or directory, and revision ${revision} of the repository was not fetched before, while HF_HUB_OFFLINE ` +
        `forbids asking ${host}; unset it, or ${elsewhere}`,
    );
  }
  const { status, code, message } = error;
  if (status === undefined) {
    return new UserError(
      `${name}: no such file or directory, and ${host} cannot be reached (${message}); check the connection, or ${elsewhere}`,
    );
  }
  if (code === "GatedRepo") {
    return new UserError(
      `${name}: is gated; accept its terms at ${endpoint}/${name} and set HF_TOKEN to a token of that account`,
    );
  }
  if (code === "RevisionNotFound") {
    return new UserError(
      `${name}: has no revision ${revision}; look up its branches and tags at ${endpoint}/${name}/tree/main`,
    );
  }
  if (status === 401 && token !== undefined && code === undefined) {
    return new UserError(`${name}: ${host} does not accept HF_TOKEN; set it to a valid token, or unset it`);
  }
  // The hub hides private repositories: who may not see one is told that there is none.
  if (status === 401 || status === 404) {
    const remedy = token === undefined
      ? "set HF_TOKEN if it is private"
      : "use a token that may read it if it is private";
    return new UserError(
      `${name}: no such file or directory, and no such repository at ${host}; check the name, or ${remedy}`,
    );
  }
  if (status === 403) {
    return new UserError(
      `${name}: ${host} refuses access (${message}); set HF_TOKEN to a token that may read it`,
    );
  }
  if (status === 429) {
    return new UserError(`${name}: ${host} gets too many requests; wait some minutes, or set HF_TOKEN`);
  }
  return new UserError(`${name}: ${host} ${message}; run the same command again later, or ${elsewhere}`);
}
