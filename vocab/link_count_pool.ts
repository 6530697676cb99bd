import { DumpDB, isHeldOut } from "@lukeforge/corpus";
import type { LinkCountAnswer, LinkCountRequest } from "./link_count_worker.ts";
import { countLinks, type LinkCounts } from "./link_counts.ts";

/** Options of {@linkcode countLinksOfFile}. */
export interface CountLinksOfFileOptions {
  /** Threads that read the database. Default: the number of cores. No more are started than are worth it. */
  readonly workers?: number;
  /** Pages that a thread is given at a time. Default 100. */
  readonly chunkSize?: number;
  /** Share of the pages, by title, whose links do not count. Default 0. */
  readonly heldOutFraction?: number;
  /** Titles that are counted by themselves as well. */
  readonly watched?: readonly string[];
  /** Pages done and in all. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** A thread takes as long to start as to count the links of so many pages. */
const PAGES_PER_WORKER = 2000;

/**
 * Counts the links of a page database as {@linkcode countLinks} does, by several threads over one file. The counts do not depend
 * on their number. Memory: 4 bytes a page, and half a million titles a thread.
 *
 * @throws {UserError} when `path` is no page database.
 */
export async function countLinksOfFile(
  path: string,
  options: CountLinksOfFileOptions = {},
): Promise<LinkCounts> {
  const { heldOutFraction = 0, watched = [], chunkSize = 100, progress } = options;
  using db = DumpDB.open(path);
  const last = db.lastPlace;
  const workers = Math.min(
    options.workers ?? navigator.hardwareConcurrency,
    Math.ceil(last / PAGES_PER_WORKER),
  );
  if (workers <= 1) {
    return countLinks(db, {
      watched,
      ...(progress && { progress }),
      ...(heldOutFraction > 0 && { pageFilter: (title: string) => !isHeldOut(title, heldOutFraction) }),
    });
  }
  const byPage = new Uint32Array(new SharedArrayBuffer(4 * (last + 1)));
  const byTitle = new Map(watched.map((title): [string, number] => [title, 0]));
  const task: LinkCountRequest = { path, byPage, heldOutFraction, watched };
  let next = 1;
  let done = 0;
  const range = (): LinkCountRequest => {
    if (next > last) return "finish";
    const first = next;
    next = Math.min(last + 1, first + chunkSize);
    return { first, last: next - 1 };
  };
  const pool = Array.from(
    { length: workers },
    () => new Worker(new URL("./link_count_worker.ts", import.meta.url), { type: "module" }),
  );
  try {
    const take = (answer: LinkCountAnswer): void => {
      if ("done" in answer) progress?.(done += answer.done, last);
      else for (const [title, count] of answer.byTitle) byTitle.set(title, (byTitle.get(title) ?? 0) + count);
    };
    await Promise.all(pool.map((worker) => converse(worker, task, range, take)));
  } finally {
    for (const worker of pool) worker.terminate();
  }
  return { byPage, byTitle };
}

/** Gives one thread ranges until they are used up. */
function converse(
  worker: Worker,
  task: LinkCountRequest,
  range: () => LinkCountRequest,
  take: (answer: LinkCountAnswer) => void,
): Promise<void> {
  const finished = Promise.withResolvers<void>();
  worker.onerror = (event) => {
    event.preventDefault();
    finished.reject(new Error(`a worker that counts links stopped: ${event.message}`));
  };
  worker.onmessage = ({ data }: MessageEvent<LinkCountAnswer>) => {
    take(data);
    if ("done" in data) worker.postMessage(range());
    else finished.resolve();
  };
  worker.postMessage(task);
  worker.postMessage(range());
  return finished.promise;
}
