import { type DumpRow, type PageOptions, SegmentEncoder } from "./dump_rows.ts";
import type { DumpRowsAnswer, DumpRowsRequest } from "./dump_rows_worker.ts";
import type { DumpSegment } from "./dump_segments.ts";
import type { SiteInfo } from "./siteinfo.ts";
import { UserError } from "./user_error.ts";

/** Segments that a worker has or waits for: one to work on, one to go on with at once. */
const SEGMENTS_PER_WORKER = 2;

/**
 * The rows of the pages in `segments`, in order; up to `workers` threads parse them. The rows do not depend on the number of workers.
 * No thread is started where `workers` is 1 or there is one segment. At most {@link SEGMENTS_PER_WORKER} segments for each worker are
 * held, which take them over.
 */
export async function* rowsInOrder(
  segments: AsyncGenerator<DumpSegment, void, void>,
  siteinfo: SiteInfo,
  workers: number,
  options: PageOptions = {},
): AsyncGenerator<readonly DumpRow[], void, void> {
  const encoder = new SegmentEncoder(siteinfo, options); // a mistake in the options shows here
  const { value: first } = await segments.next();
  if (first === undefined) return;
  let { value: segment } = workers > 1 ? await segments.next() : {};
  if (segment === undefined) {
    yield encoder.rows(first);
    for await (const later of segments) yield encoder.rows(later);
    return;
  }
  const pool: RowsWorker[] = [];
  const waiting: Promise<readonly DumpRow[]>[] = [];
  const parse = (segment: DumpSegment): void => {
    const worker = pool.length < workers ? new RowsWorker(siteinfo, options) : pool.shift();
    if (worker === undefined) return;
    pool.push(worker); // in turn
    const rows = worker.rows(segment);
    rows.catch(() => {}); // reported when its turn comes
    waiting.push(rows);
  };
  try {
    parse(first);
    for (; segment !== undefined; { value: segment } = await segments.next()) {
      parse(segment);
      const oldest = waiting.length >= SEGMENTS_PER_WORKER * workers ? waiting.shift() : undefined;
      if (oldest !== undefined) yield await oldest;
    }
    for (const rows of waiting) yield await rows;
  } finally {
    for (const worker of pool) worker.terminate();
  }
}

/** A thread that answers segments in the order in which it got them. */
class RowsWorker {
  readonly #worker = new Worker(new URL("./dump_rows_worker.ts", import.meta.url), { type: "module" });
  readonly #asked: PromiseWithResolvers<readonly DumpRow[]>[] = [];

  constructor(siteinfo: SiteInfo, options: PageOptions) {
    this.#worker.onmessage = ({ data }: MessageEvent<DumpRowsAnswer>) => {
      const asked = this.#asked.shift();
      if ("rows" in data) asked?.resolve(data.rows);
      else asked?.reject(new UserError(data.refused));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`a worker that parses wikitext stopped: ${event.message}`);
      for (const { reject } of this.#asked) reject(error);
    };
    this.#send({ siteinfo, options });
  }

  rows(segment: DumpSegment): Promise<readonly DumpRow[]> {
    const answer = Promise.withResolvers<readonly DumpRow[]>();
    this.#asked.push(answer);
    this.#send({ segment }, [segment.bytes.buffer]);
    return answer.promise;
  }

  terminate(): void {
    this.#worker.terminate();
  }

  #send(request: DumpRowsRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}
