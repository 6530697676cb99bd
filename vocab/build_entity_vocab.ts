import { UserError } from "@lukeforge/corpus";
import { compareCodePoints } from "./code_point_order.ts";
import { EntityVocab } from "./entity_vocab.ts";
import { type EntityVocabEntry, SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";

/** A page as far as counting needs it. */
export interface LinkedPage {
  /** Its title. */
  readonly title: string;
  /** Its paragraphs with the titles they link to, `#fragment` split off. */
  readonly paragraphs: Iterable<{ readonly links: Iterable<{ readonly title: string }> }>;
}

/** What {@linkcode buildEntityVocab} reads; `DumpDB` of `@lukeforge/corpus` is one. */
export interface LinkSource {
  /** Number of pages, for progress. */
  readonly pageCount: number;
  /** The retained pages: no redirects, no categories, no files. */
  pages(): Iterable<LinkedPage>;
  /** Whether `title` is a retained page. */
  has(title: string): boolean;
  /** The title at the end of the whole chain of redirects; `title` itself where it is no redirect. */
  resolveRedirect(title: string): string;
}

/** Options of {@linkcode buildEntityVocab}. */
export interface BuildEntityVocabOptions {
  /** Number of ids at most, the three specials included. */
  readonly vocabSize: number;
  /** Entities linked to less often are left out, white-listed ones too. Default 1. */
  readonly minCount?: number;
  /** Titles that come first, in this order. Redirects are followed; what nothing links to is left out. */
  readonly whiteList?: Iterable<string>;
  /** Takes nothing but the white list. */
  readonly whiteListOnly?: boolean;
  /** Written into every entry; `null` for none. */
  readonly language: string | null;
  /** Whether the links of this page count: keeps held-out pages out of the statistics. */
  readonly pageFilter?: (title: string) => boolean;
  /** Pages done and in all. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/** Distinct link titles held before they are resolved: an engine's map ends at 2^24 entries, below a large wiki's titles. */
const PENDING_TITLES = 1 << 20;

/**
 * Counts the links of all pages and keeps the most linked ones: every occurrence counts, to the page at the end of its whole
 * redirect chain; only links between retained pages count, so there are no red links. Order: `[PAD]` `[UNK]` `[MASK]` with count
 * 0, white list, then count descending, equal counts by title in code point order. Ids have no gaps, and there are never
 * more than `vocabSize`.
 *
 * @throws {UserError} when `vocabSize` leaves no room for an entity, or nothing qualifies.
 */
export function buildEntityVocab(db: LinkSource, options: BuildEntityVocabOptions): EntityVocab {
  const { vocabSize, minCount = 1, language, whiteListOnly = false } = options;
  if (!Number.isSafeInteger(vocabSize) || vocabSize <= SPECIAL_ENTITIES.length) {
    throw new UserError(
      `vocab size ${vocabSize}: must be a whole number above ${SPECIAL_ENTITIES.length}, the special entities`,
    );
  }
  const counts = countLinks(db, options.pageFilter, options.progress);
  const chosen = new Map<string, number>();
  const room = vocabSize - SPECIAL_ENTITIES.length;
  const choose = (title: string): void => {
    const count = counts.get(title) ?? 0;
    if (count >= Math.max(1, minCount) && chosen.size < room) chosen.set(title, count);
  };
  for (const line of options.whiteList ?? []) {
    const title = line.trimEnd();
    if (title !== "") choose(db.resolveRedirect(title));
  }
  if (!whiteListOnly) {
    const byCount = [...counts].sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
    for (const [title] of byCount) {
      if (chosen.size >= room) break;
      choose(title);
    }
  }
  if (chosen.size === 0) {
    throw new UserError(
      `no entity qualifies: ${counts.size} pages are linked to, min count ${minCount}` +
        `${
          whiteListOnly ? ", white list only" : ""
        }; lower --min-count, or check the white list and the dump`,
    );
  }
  return new EntityVocab(entriesOf(chosen, language));
}

/** Link occurrences for each retained page that is linked to. */
function countLinks(
  db: LinkSource,
  pageFilter: BuildEntityVocabOptions["pageFilter"],
  progress: BuildEntityVocabOptions["progress"],
): Map<string, number> {
  const counts = new Map<string, number>();
  const pending = new Map<string, number>();
  const resolvePending = (): void => {
    for (const [title, count] of pending) {
      const target = db.resolveRedirect(title);
      if (db.has(target)) counts.set(target, (counts.get(target) ?? 0) + count);
    }
    pending.clear();
  };
  let done = 0;
  for (const page of db.pages()) {
    if (pageFilter === undefined || pageFilter(page.title)) {
      for (const { links } of page.paragraphs) {
        for (const { title } of links) pending.set(title, (pending.get(title) ?? 0) + 1);
      }
    }
    if (pending.size >= PENDING_TITLES) resolvePending();
    progress?.(++done, db.pageCount);
  }
  resolvePending();
  return counts;
}

function* entriesOf(chosen: Map<string, number>, language: string | null): Generator<EntityVocabEntry> {
  let id = 0;
  for (const title of SPECIAL_ENTITIES) yield { id: id++, entities: [[title, language]], count: 0 };
  for (const [title, count] of chosen) yield { id: id++, entities: [[title, language]], count };
}
