import { UserError } from "@lukeforge/corpus";
import { type ClientSettings, HubClient, type HubEffects } from "../hub/hub_client.ts";
import { HubError } from "../hub/hub_error.ts";
import { type DumpEdition, editionFromChecksums, editionFromStatus } from "./dump_edition.ts";

/** Where Wikimedia publishes its dumps. */
export const WIKIMEDIA_MIRROR = "https://dumps.wikimedia.org";

const TIMEOUT = 60_000;
/** Editions that are looked at for the latest one that is whole. */
const EDITIONS_TRIED = 6;
/** Wikimedia asks programs to say who they are. */
const USER_AGENT = "lukeforge-download-dump";

/** A server with dumps laid out as on dumps.wikimedia.org. */
export class DumpMirror {
  readonly #address: string;
  readonly #client: HubClient;

  /** The mirror at `address`; nothing is sent yet. @throws {UserError} when it is no address. */
  constructor(address: string, effects: HubEffects = {}, timeout = TIMEOUT) {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new UserError(`--mirror: ${address} is no address; give one such as ${WIKIMEDIA_MIRROR}`);
    }
    this.#address = address.replace(/\/+$/, "");
    const settings: ClientSettings = { endpoint: this.#address, timeout };
    this.#client = new HubClient(settings, effects);
  }

  /** Its host, for messages. */
  get host(): string {
    return new URL(this.#address).host;
  }

  /** The client that speaks to it. */
  get client(): HubClient {
    return this.#client;
  }

  /** Address of a file of an edition. */
  fileAddress({ wiki, date }: DumpEdition, name: string): string {
    return `${this.#address}/${wiki}/${date}/${name}`;
  }

  /** The headers of every request. */
  get headers(): Record<string, string> {
    return { "user-agent": USER_AGENT };
  }

  /**
   * The files with the articles of `wiki` at `date` (`YYYYMMDD`), or at the last date for which they are whole (`latest`).
   *
   * @throws {UserError} when there is no such wiki or date, the edition is not finished, or the mirror cannot be reached.
   */
  async find(wiki: string, date: string): Promise<DumpEdition> {
    if (!/^[a-z][a-z\d_]*$/.test(wiki)) {
      throw new UserError(
        `${wiki}: is no name of a wiki; give one such as iswiki (language and wiki, no dot or hyphen)`,
      );
    }
    try {
      if (date === "latest") return await this.#latest(wiki);
      const found = await this.#edition(wiki, date);
      if (typeof found === "object") return found;
      if (found !== undefined) {
        throw new UserError(
          `${wiki} ${date}: its articles are not there yet (${found}); take an earlier --date, or wait`,
        );
      }
      const dates = await this.#dates(wiki);
      if (dates.length === 0) throw this.#noWiki(wiki);
      throw new UserError(
        `${wiki}: ${this.host} has no dump of ${date}; it has ${dates.slice(0, 8).join(", ")}; ` +
          "older ones may be at another --mirror",
      );
    } catch (error) {
      throw error instanceof HubError ? this.problem(error, wiki) : error;
    }
  }

  /** The line for a request that failed for good. */
  problem(error: HubError, what: string): UserError {
    return new UserError(
      `${what}: ${this.host} ${error.status === undefined ? "cannot be reached: " : ""}${error.message}; ` +
        "run the same command again later (what has arrived is kept), or name another --mirror",
    );
  }

  async #latest(wiki: string): Promise<DumpEdition> {
    const dates = await this.#dates(wiki);
    for (const date of dates.slice(0, EDITIONS_TRIED)) {
      const found = await this.#edition(wiki, date);
      if (typeof found === "object") return found;
    }
    // A mirror that lists no folders may have a folder named "latest" with checksums of dated files.
    const list = await this.#text(`${wiki}/latest/${wiki}-latest-sha1sums.txt`) ?? "";
    const date = new RegExp(`\\s${wiki}-(\\d{8})-pages-articles\\d*\\.xml`).exec(list)?.[1];
    const edition = date === undefined ? undefined : editionFromChecksums(list, "sha1", wiki, date);
    if (edition !== undefined) return edition;
    if (dates.length === 0) throw this.#noWiki(wiki);
    throw new UserError(
      `${wiki}: ${this.host} has no finished dump among the last ones (${
        dates.slice(0, EDITIONS_TRIED).join(", ")
      }); ` +
        "wait, or name another --mirror",
    );
  }

  /** An edition; how far it is when it is not finished; undefined when there is none. */
  async #edition(wiki: string, date: string): Promise<DumpEdition | string | undefined> {
    const folder = `${wiki}/${date}`;
    const text = await this.#text(`${folder}/dumpstatus.json`);
    const status = text === undefined ? undefined : parseJson(text);
    const found = status === undefined ? undefined : editionFromStatus(status, wiki, date);
    if (typeof found === "object") return found;
    for (const algorithm of ["sha1", "md5"] as const) {
      const list = await this.#text(`${folder}/${wiki}-${date}-${algorithm}sums.txt`);
      const edition = list === undefined ? undefined : editionFromChecksums(list, algorithm, wiki, date);
      if (edition !== undefined) return edition;
    }
    return found;
  }

  /** Dates of the editions that the mirror lists, the last first. */
  async #dates(wiki: string): Promise<string[]> {
    const page = await this.#text(`${wiki}/`) ?? "";
    const dates = [...page.matchAll(/href="[^"]*?\b(20\d{6})\/?"/g)].map(([, date = ""]) => date);
    return [...new Set(dates)].sort().reverse();
  }

  /** The text at `path`; undefined where there is none. */
  async #text(path: string): Promise<string | undefined> {
    try {
      const response = await this.#client.fetch(`${this.#address}/${path}`, { headers: this.headers });
      return await response.text();
    } catch (error) {
      if (error instanceof HubError && error.status === 404) return undefined;
      throw error;
    }
  }

  #noWiki(wiki: string): UserError {
    return new UserError(
      `${wiki}: ${this.host} has no such wiki; ${this.#address}/backup-index.html lists them (iswiki, enwiki, …)`,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page in place of the file: the lists of checksums are asked
  }
}
