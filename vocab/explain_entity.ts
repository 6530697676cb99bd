import type { ChooseEntitiesOptions, EntityChoice } from "./choose_entities.ts";
import { SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";
import type { LinkCounts, LinkSource } from "./link_counts.ts";

/** What an explanation looks into; `DumpDB` of `@lukeforge/corpus` is one. */
export interface ExplainedSource extends LinkSource {
  /** Facts about the wiki: names of its namespaces. */
  readonly meta: Readonly<Record<string, string>>;
  /** Titles that redirect to any of `titles` in one step. */
  redirectsTo(titles: readonly string[]): readonly string[];
}

/** The titles by which a title may be linked to: the end of its redirects, and all redirects to that. */
export function titlesOfEntity(source: ExplainedSource, title: string): string[] {
  const titles = new Set([source.resolveRedirect(title), title]);
  for (let latest: readonly string[] = [...titles]; latest.length > 0;) {
    latest = source.redirectsTo(latest).filter((redirect) => !titles.has(redirect));
    for (const redirect of latest) titles.add(redirect);
  }
  return [...titles];
}

/**
 * Why a title is in a vocabulary or not, a line each: what it is (page, redirect, category, …), its count and rank, and by which
 * titles it is linked to.
 *
 * @param counts with those of {@linkcode titlesOfEntity} by title.
 * @param title in its normal form.
 */
export function explainEntity(
  source: ExplainedSource,
  counts: LinkCounts,
  choice: EntityChoice,
  options: ChooseEntitiesOptions,
  title: string,
): string[] {
  const target = source.resolveRedirect(title);
  const lines = target === title ? [] : [`${title}: redirects to ${target}`];
  const page = source.placeOf(target);
  const verdict = page === undefined
    ? reasonForNoPage(source, target)
    : verdictOn(page, counts, choice, options);
  lines.push(`${target}: ${verdict}`);
  const byTitle = titlesOfEntity(source, title).map((
    name,
  ): [string, number] => [name, counts.byTitle.get(name) ?? 0]);
  const links = byTitle.reduce((sum, [, count]) => sum + count, 0);
  if (page === undefined && links > 0) {
    lines.push(`  ${plural(links, "link")} to it, which ${links === 1 ? "counts" : "count"} for nothing`);
  }
  for (const [name, count] of byTitle.sort((a, b) => b[1] - a[1])) {
    if (byTitle.length > 1) {
      lines.push(`  ${plural(count, "link")} to ${name}${name === target ? "" : ", a redirect"}`);
    }
  }
  return lines;
}

function verdictOn(
  page: number,
  { byPage }: LinkCounts,
  { pages, whiteListed, ranking, linkedPages }: EntityChoice,
  { vocabSize, minCount = 1, whiteListOnly = false }: ChooseEntitiesOptions,
): string {
  const count = byPage[page] ?? 0;
  if (count === 0) return "not in the vocabulary: no link leads to it";
  const place = pages.indexOf(page);
  if (count < minCount) {
    return `not in the vocabulary: ${plural(count, "link")}, fewer than --min-count ${minCount}`;
  }
  const rank = `${plural(count, "link")}, number ${
    ranking.indexOf(page) + 1
  } by count of ${linkedPages} pages that are linked to`;
  if (place >= 0) {
    const why = place < whiteListed ? "by the white list" : rank;
    return `in the vocabulary, id ${place + SPECIAL_ENTITIES.length}: ${
      place < whiteListed ? `${why}; ${rank}` : why
    }`;
  }
  if (whiteListOnly) return `not in the vocabulary: not in the white list, and --white-list-only; ${rank}`;
  const last = pages[pages.length - 1] ?? 0;
  return `not in the vocabulary: ${rank}; --vocab-size ${vocabSize} is full, its last entity has ${
    plural(byPage[last] ?? 0, "link")
  }`;
}

/** What a title is that is no page of the database. */
function reasonForNoPage(source: ExplainedSource, title: string): string {
  const colon = title.indexOf(":");
  const prefix = colon > 0 ? title.slice(0, colon).toLowerCase() : "";
  const has = (key: string): boolean => {
    const names: unknown = JSON.parse(source.meta[key] ?? "[]");
    return typeof names === "object" && names !== null &&
      Object.values(names).some((name) => typeof name === "string" && name.toLowerCase() === prefix);
  };
  if (prefix !== "") {
    if (has("category_namespaces")) return "not in the vocabulary: a category";
    if (has("file_namespaces")) return "not in the vocabulary: a file";
    if (has("namespaces")) return "not in the vocabulary: no article, but a page of another namespace";
  }
  if (source.redirectsTo([title]).length > 0 && source.resolveRedirect(title) === title) {
    return "not in the vocabulary: its redirects lead to no page";
  }
  return "not in the vocabulary: no such page in the database";
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
