import { compareCodePoints } from "./code_point_order.ts";
import type { ExplainedSource } from "./explain_entity.ts";

/** A wiki of pages with the titles that they link to, for tests. */
export function wiki(
  pages: Record<string, string[]>,
  redirects: Record<string, string> = {},
  meta: Record<string, string> = {},
): ExplainedSource {
  const titles = Object.keys(pages);
  return {
    meta,
    pageCount: titles.length,
    lastPlace: titles.length,
    *linkTargets(first, last) {
      for (const title of titles.slice(first - 1, last)) yield { title, targets: pages[title] ?? [] };
    },
    placeOf: (title) => titles.indexOf(title) + 1 || undefined,
    titleAt: (place) => titles[place - 1],
    placesByTitle: () => titles.toSorted(compareCodePoints).map((title) => titles.indexOf(title) + 1),
    resolveRedirect: (title) => {
      let target = title;
      while (Object.hasOwn(redirects, target)) target = redirects[target] ?? target;
      return target;
    },
    redirectsTo: (titles) =>
      Object.keys(redirects).filter((source) => titles.includes(redirects[source] ?? "")),
  };
}
