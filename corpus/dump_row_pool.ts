import { AnsweringWorker } from "./answering_worker.ts";
import { type DumpRow, type PageOptions, SegmentEncoder } from "./dump_rows.ts";
import type { DumpRowsAnswer, DumpRowsRequest } from "./dump_rows_worker.ts";
import type { DumpSegment } from "./dump_segments.ts";
import type { SiteInfo } from "./siteinfo.ts";

type RowsWorker = AnsweringWorker<DumpRowsRequest, DumpRowsAnswer>;

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
  const waiting: Promise<DumpRowsAnswer>[] = [];
  const parse = (segment: DumpSegment): void => {
    const worker = pool.length < workers ? startWorker(siteinfo, options) : pool.shift();
    if (worker === undefined) return;
    pool.push(worker); // in turn
    const answer = worker.ask({ segment }, [segment.bytes.buffer]);
    answer.catch(() => {}); // reported when its turn comes
    waiting.push(answer);
  };
  try {
    parse(first);
    for (; segment !== undefined; { value: segment } = await segments.next()) {
      parse(segment);
      const oldest = waiting.length >= SEGMENTS_PER_WORKER * workers ? waiting.shift() : undefined;
      if (oldest !== undefined) yield (await oldest).rows;
    }
    for (const answer of waiting) yield (await answer).rows;
  } finally {
    for (const worker of pool) worker.end();
  }
}

function startWorker(siteinfo: SiteInfo, options: PageOptions): RowsWorker {
  const worker = new Worker(new URL("./dump_rows_worker.ts", import.meta.url), { type: "module" });
  const started: RowsWorker = new AnsweringWorker(worker, "a worker that parses wikitext");
  started.tell({ siteinfo, options });
  return started;
}
