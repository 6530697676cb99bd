import { UserError } from "@lukeforge/corpus";
import type { HubError } from "./hub_error.ts";
import type { HubSettings } from "./hub_settings.ts";
import type { UploadTarget } from "./upload_plan.ts";

const AGAIN = "run the same command again: what has arrived is not sent twice";

/** The line for a request of an upload that failed, with what to do about it. */
export function uploadProblem(
  { status, message }: HubError,
  { repository, branch, endpoint }: UploadTarget,
  { token }: HubSettings,
): UserError {
  const { host } = new URL(endpoint);
  if (status === undefined) {
    return new UserError(
      `${repository}: ${host} cannot be reached (${message}); check the connection and ${AGAIN}`,
    );
  }
  if (status === 401 && token === undefined) {
    return new UserError(`${repository}: ${host} wants to know who asks; set HF_TOKEN`);
  }
  if (status === 401) {
    return new UserError(`${repository}: ${host} does not accept HF_TOKEN; set it to a valid token`);
  }
  if (status === 403) {
    return new UserError(
      `${repository}: ${host} refuses (${message}); set HF_TOKEN to a token that may write there`,
    );
  }
  if (status === 412) {
    return new UserError(
      `${repository}: the branch ${branch} was changed by somebody else meanwhile; ${AGAIN}`,
    );
  }
  if (status === 429) {
    return new UserError(`${repository}: ${host} gets too many requests; wait some minutes and ${AGAIN}`);
  }
  if (status >= 500) return new UserError(`${repository}: ${host} ${message}; ${AGAIN}`);
  return new UserError(`${repository}: ${host} refuses the upload (${message}); mend that and ${AGAIN}`);
}
