/** A worker of `countLinksOfFile`: it opens the database, then counts the ranges of pages that it is given. */
import { DumpDB, isHeldOut } from "@lukeforge/corpus";
import { LinkCounter } from "./link_counter.ts";

/** What the pool sends: first the task, then ranges, at last the question for the counts by title. */
export type LinkCountRequest =
  | {
    readonly path: string;
    readonly byPage: Uint32Array;
    readonly heldOutFraction: number;
    readonly watched: readonly string[];
  }
  | { readonly first: number; readonly last: number }
  | "finish";

/** What a worker answers a range with, or the end. */
export type LinkCountAnswer = { readonly done: number } | { readonly byTitle: ReadonlyMap<string, number> };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LinkCountRequest>) => void) | null;
  postMessage(message: LinkCountAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;
let db: DumpDB | undefined;
let counter: LinkCounter | undefined;

scope.onmessage = ({ data }) => {
  if (data === "finish") {
    counter?.flush();
    db?.close();
    scope.postMessage({ byTitle: counter?.byTitle ?? new Map<string, number>() });
  } else if ("path" in data) {
    const { heldOutFraction, watched } = data;
    db = DumpDB.open(data.path);
    counter = new LinkCounter(db, data.byPage, {
      watched,
      ...(heldOutFraction > 0 && { pageFilter: (title: string) => !isHeldOut(title, heldOutFraction) }),
    });
  } else {
    counter?.count(data.first, data.last);
    scope.postMessage({ done: data.last - data.first + 1 });
  }
};
