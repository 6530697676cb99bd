import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "@lukeforge/corpus";

/** How the model hub is reached: what Hugging Face's own programs read from the environment. */
export interface HubSettings {
  /** Address without a slash at its end: `https://huggingface.co`, or the mirror in `HF_ENDPOINT`. */
  readonly endpoint: string;
  /** Access token, from `HF_TOKEN`. It goes to the endpoint only and is never printed. */
  readonly token?: string;
  /** Whether `HF_HUB_OFFLINE` (or `TRANSFORMERS_OFFLINE`) forbids requests. */
  readonly offline: boolean;
  /** Where downloads are kept, shared with Hugging Face's programs: `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
  readonly cacheDir: string;
  /** Milliseconds without an answer, or without a byte of it, after which a connection counts as lost. */
  readonly timeout: number;
}

const DEFAULT_ENDPOINT = "https://huggingface.co";
const DEFAULT_TIMEOUT_SECONDS = 30;

/**
 * The settings that `environment` (default: the process's) asks for.
 *
 * @throws {UserError} when a variable cannot be used.
 */
export function hubSettings(
  environment: Readonly<Record<string, string | undefined>> = Deno.env.toObject(),
): HubSettings {
  const value = (...names: string[]): string | undefined =>
    names.map((name) => environment[name]?.trim()).find((text) => text !== undefined && text !== "");
  const token = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError("HF_TOKEN: is no access token; copy it again from the hub's settings, or unset it");
  }
  const inHome = (path: string): string => path.replace(/^~(?=[\\/]|$)/, homedir());
  const home = value("HF_HOME") ?? join(value("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const timeout = Number(value("HF_HUB_DOWNLOAD_TIMEOUT") ?? DEFAULT_TIMEOUT_SECONDS);
  return {
    endpoint: endpointOf(value("HF_ENDPOINT") ?? DEFAULT_ENDPOINT),
    ...(token !== undefined && { token }),
    offline: [value("HF_HUB_OFFLINE"), value("TRANSFORMERS_OFFLINE")].some((text) =>
      /^(1|on|yes|true)$/i.test(text ?? "")
    ),
    cacheDir: inHome(value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? join(home, "hub")),
    timeout: 1000 * (timeout > 0 ? timeout : DEFAULT_TIMEOUT_SECONDS),
  };
}

function endpointOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UserError(`HF_ENDPOINT: ${text} is no address; give one such as ${DEFAULT_ENDPOINT}`);
  }
  return text.replace(/\/+$/, "");
}
