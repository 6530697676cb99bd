import type { DumpPage } from "./dump_pages.ts";
import { type DumpRow, PageEncoder, type PageOptions } from "./dump_rows.ts";
import type { DumpRowsRequest } from "./dump_rows_worker.ts";
import type { SiteInfo } from "./siteinfo.ts";

/** Batches that a worker has or waits for: one to work on, one to go on with at once. */
const BATCHES_PER_WORKER = 2;

/** UTF-16 units of wikitext in a batch; a longer page is a batch by itself. */
const BATCH_UNITS = 1 << 20;

/**
 * The rows of `pages`, in batches, in order; up to `workers` threads parse them. The rows do not depend on the number of workers. None
 * is started where `workers` is 1 or the pages make one batch. At most {@link BATCHES_PER_WORKER} batches for each worker are held.
 */
export async function* rowsInOrder(
  pages: AsyncGenerator<DumpPage, void, void>,
  siteinfo: SiteInfo,
  workers: number,
  options: PageOptions = {},
): AsyncGenerator<readonly DumpRow[], void, void> {
  const encoder = new PageEncoder(siteinfo, options);
  const batches = inBatches(pages);
  const { value: first } = await batches.next();
  if (first === undefined) return;
  let { value: batch } = workers > 1 ? await batches.next() : {};
  if (batch === undefined) {
    yield encoder.rows(first);
    for await (const later of batches) yield encoder.rows(later);
    return;
  }
  const pool: RowsWorker[] = [];
  const waiting: Promise<readonly DumpRow[]>[] = [];
  const parse = (pages: readonly DumpPage[]): void => {
    const worker = pool.length < workers ? new RowsWorker(siteinfo, options) : pool.shift();
    if (worker === undefined) return;
    pool.push(worker); // in turn
    const rows = worker.rows(pages);
    rows.catch(() => {}); // reported when its turn comes
    waiting.push(rows);
  };
  try {
    parse(first);
    for (; batch !== undefined; { value: batch } = await batches.next()) {
      parse(batch);
      const oldest = waiting.length >= BATCHES_PER_WORKER * workers ? waiting.shift() : undefined;
      if (oldest !== undefined) yield await oldest;
    }
    for (const rows of waiting) yield await rows;
  } finally {
    for (const worker of pool) worker.terminate();
  }
}

/** Groups pages until a batch has {@link BATCH_UNITS}. */
async function* inBatches(
  pages: AsyncGenerator<DumpPage, void, void>,
): AsyncGenerator<readonly DumpPage[], void, void> {
  let batch: DumpPage[] = [];
  let units = 0;
  for await (const page of pages) {
    batch.push(page);
    units += page.text.length;
    if (units < BATCH_UNITS) continue;
    yield batch;
    batch = [];
    units = 0;
  }
  if (batch.length > 0) yield batch;
}

/** A thread that answers batches in the order in which it got them. */
class RowsWorker {
  readonly #worker = new Worker(new URL("./dump_rows_worker.ts", import.meta.url), { type: "module" });
  readonly #asked: PromiseWithResolvers<readonly DumpRow[]>[] = [];

  constructor(siteinfo: SiteInfo, options: PageOptions) {
    this.#worker.onmessage = ({ data }: MessageEvent<readonly DumpRow[]>) =>
      this.#asked.shift()?.resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`a worker that parses wikitext stopped: ${event.message}`);
      for (const { reject } of this.#asked) reject(error);
    };
    this.#send({ siteinfo, options });
  }

  rows(pages: readonly DumpPage[]): Promise<readonly DumpRow[]> {
    const answer = Promise.withResolvers<readonly DumpRow[]>();
    this.#asked.push(answer);
    this.#send({ pages });
    return answer.promise;
  }

  terminate(): void {
    this.#worker.terminate();
  }

  #send(request: DumpRowsRequest): void {
    this.#worker.postMessage(request);
  }
}
