import { DumpDB } from "@lukeforge/corpus";
import {
  countLinksOfFile,
  EntityVocab,
  type EntityVocabEntry,
  isSpecialEntity,
  type LinkCoverage,
  linkCoverage,
} from "@lukeforge/vocab";
import { type ProgressCallback, quantity } from "./progress.ts";

/** What `entity-vocab-info` tells about an entity vocabulary. */
export interface EntityVocabFacts {
  /** The file. */
  readonly file: string;
  /** Number of ids, special entities included. */
  readonly size: number;
  /** Ids of the special entities; those it lacks are missing. */
  readonly specials: Readonly<Record<string, number>>;
  /** Number of titles by language, `none` where none is named; without special entities. */
  readonly languages: Readonly<Record<string, number>>;
  /** Number of ids by how many titles they have; without special entities. */
  readonly titlesOfId: Readonly<Record<number, number>>;
  /** Sum of all counts; 0 where the format has none. */
  readonly links: number;
  /** The most linked entities; the first ids where the format has no counts. */
  readonly top: readonly EntityVocabEntry[];
  /** How much of a database's links it holds. */
  readonly coverage?: LinkCoverage & { readonly db: string; readonly language: string | null };
}

/** Options of {@linkcode entityVocabFacts}. */
export interface EntityVocabFactsOptions {
  /** How many entities to list. */
  readonly top: number;
  /** Page database whose links to look up. */
  readonly db?: string;
  /** Language in which they are looked up. Default: the database's. */
  readonly language?: string;
  /** Pages of the database done and in all. */
  readonly progress?: ProgressCallback;
}

/** Reads an entity vocabulary. @param name what the facts call it. */
export async function entityVocabFacts(
  path: string,
  name: string,
  { top, db, language, progress }: EntityVocabFactsOptions,
): Promise<EntityVocabFacts> {
  const vocab = EntityVocab.load(path);
  const specials: Record<string, number> = {};
  const languages: Record<string, number> = {};
  const titlesOfId: Record<number, number> = {};
  const most: EntityVocabEntry[] = [];
  let links = 0;
  for (const entry of vocab.entries()) {
    links += entry.count;
    const [first] = entry.entities;
    if (first !== undefined && isSpecialEntity(first[0])) {
      specials[first[0]] = entry.id;
      continue;
    }
    for (const [, code] of entry.entities) languages[code ?? "none"] = (languages[code ?? "none"] ?? 0) + 1;
    titlesOfId[entry.entities.length] = (titlesOfId[entry.entities.length] ?? 0) + 1;
    most.splice(most.findLastIndex(({ count }) => count >= entry.count) + 1, 0, entry);
    if (most.length > top) most.pop();
  }
  const facts = { file: name, size: vocab.size, specials, languages, titlesOfId, links, top: most };
  if (db === undefined) return facts;
  using database = DumpDB.open(db);
  const code = language ?? (database.meta["language"] || null);
  const counts = await countLinksOfFile(db, progress && { progress });
  return { ...facts, coverage: { db, language: code, ...linkCoverage(database, counts, vocab, code) } };
}

/** The facts for people, a line each. */
export function entityVocabFactsLines(facts: EntityVocabFacts): string[] {
  const { size, specials, languages, titlesOfId, links, top, coverage } = facts;
  const byCount = Object.entries(languages).sort((a, b) => b[1] - a[1]);
  const titles = byCount.reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    `${facts.file}: ${quantity(size)} ids, ${quantity(titles)} titles, special entities aside`,
    `  special entities: ${Object.entries(specials).map(([title, id]) => `${title} ${id}`).join(", ")}`,
    `  titles by language: ${
      byCount.map(([code, count]) => `${code} ${quantity(count)}`).join(", ") || "none"
    }`,
    `  ids by number of titles: ${
      Object.entries(titlesOfId).map(([number, ids]) => `${number}: ${quantity(ids)}`).join(", ") || "none"
    }`,
    `  links: ${links === 0 ? "not counted" : quantity(links)}`,
  ];
  for (const { id, entities, count } of top) {
    const shown = entities.slice(0, 3).map(([title, code]) => code === null ? title : `${code}:${title}`)
      .join(" ");
    const more = entities.length > 3 ? ` … (${entities.length})` : "";
    lines.push(`  ${String(id).padStart(9)}  ${shown}${more}${links === 0 ? "" : `  ${quantity(count)}`}`);
  }
  if (coverage !== undefined) lines.push(...coverageLines(coverage));
  return lines;
}

function coverageLines(
  { db, language, lookedUpIn, links, coveredLinks, pages, coveredPages }: NonNullable<
    EntityVocabFacts["coverage"]
  >,
): string[] {
  const share = (part: number, whole: number): string =>
    `${quantity(part)} of ${quantity(whole)}${whole === 0 ? "" : ` (${(100 * part / whole).toFixed(1)} %)`}`;
  const fallback = lookedUpIn === language
    ? ""
    : lookedUpIn === undefined
    ? ": the vocabulary has no titles in it"
    : lookedUpIn === null
    ? ", found in titles without a language"
    : `, found in ${lookedUpIn}, the only language`;
  return [
    `  ${db}, language ${language ?? "not named"}${fallback}`,
    `    in the vocabulary: ${share(coveredLinks, links)} links to articles, ${
      share(coveredPages, pages)
    } articles that are linked to`,
  ];
}
