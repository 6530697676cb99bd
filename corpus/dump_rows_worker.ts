/** A worker of `DumpRowPool`: the first message is the header of the dump and the options, each further one a batch, answered by its rows. */
import type { DumpPage } from "./dump_pages.ts";
import { PageEncoder, type PageOptions } from "./dump_rows.ts";
import type { SiteInfo } from "./siteinfo.ts";

/** What the pool sends. */
export type DumpRowsRequest = { readonly siteinfo: SiteInfo; readonly options: PageOptions } | {
  readonly pages: readonly DumpPage[];
};

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<DumpRowsRequest>) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;
let encoder: PageEncoder | undefined;

scope.onmessage = ({ data }) => {
  if ("siteinfo" in data) encoder = new PageEncoder(data.siteinfo, data.options);
  else scope.postMessage(encoder?.rows(data.pages));
};
