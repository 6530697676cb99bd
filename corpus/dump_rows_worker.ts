/** A worker of `rowsInOrder()`: the first message is the dump's header and the options, each further one a segment, answered by its rows. */
import type { Refusal } from "./answering_worker.ts";
import { type DumpRow, type PageOptions, SegmentEncoder } from "./dump_rows.ts";
import type { DumpSegment } from "./dump_segments.ts";
import type { SiteInfo } from "./siteinfo.ts";
import { UserError } from "./user_error.ts";

/** What is sent. */
export type DumpRowsRequest =
  | { readonly siteinfo: SiteInfo; readonly options: PageOptions }
  | { readonly segment: DumpSegment };

/** What is answered to a segment. */
export interface DumpRowsAnswer {
  /** Its rows. */
  readonly rows: readonly DumpRow[];
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<DumpRowsRequest>) => void) | null;
  postMessage(message: DumpRowsAnswer | Refusal): void;
}

const scope = globalThis as unknown as WorkerScope;
let encoder: SegmentEncoder | undefined;

scope.onmessage = ({ data }) => {
  if ("siteinfo" in data) {
    encoder = new SegmentEncoder(data.siteinfo, data.options);
    return;
  }
  try {
    scope.postMessage({ rows: encoder?.rows(data.segment) ?? [] });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    scope.postMessage({ refused: error.message });
  }
};
