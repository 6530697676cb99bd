import type { ItemPage, ItemParagraph, PageItemCounts } from "./page_items.ts";

/** A mention of an entity in a text. */
export interface EntityMention {
  /** Id in the entity vocabulary. */
  readonly id: number;
  /** Where it begins in the text, in UTF-16 units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** A paragraph whose links have been looked up. */
export interface ResolvedParagraph {
  /** Plain text. */
  readonly text: string;
  /** The mentions that count, in order. */
  readonly mentions: readonly EntityMention[];
}

/** A page whose links have been looked up in an entity vocabulary: all that items are made of. */
export interface ResolvedPage {
  /** Entity id of the page's own title, −1 when the vocabulary lacks it. */
  readonly pageId: number;
  /** Its paragraphs in order. */
  readonly paragraphs: readonly ResolvedParagraph[];
}

/** How links are looked up. */
export interface ResolvePageOptions {
  /** Entity id of a link's resolved title. */
  readonly entityId: (title: string) => number | undefined;
  /** Id for links outside the vocabulary; absent: their text is kept without an entity. */
  readonly unkEntityId?: number;
  /** The title at the end of the redirects of a link's title. */
  readonly resolveRedirect: (title: string) => string;
  /** Only paragraphs before the first heading. */
  readonly abstractOnly?: boolean;
  /** `"luke"`: upstream's rules to the letter: links in their own order, also inside one another; category links are blanked. */
  readonly compat?: "luke";
}

/**
 * Looks up the links of a page.
 *
 * @param counts where its links are added.
 */
export function resolvePage(
  { title, paragraphs }: Partial<Pick<ItemPage, "title">> & Pick<ItemPage, "paragraphs">,
  options: ResolvePageOptions,
  counts: PageItemCounts,
): ResolvedPage {
  const resolved: ResolvedParagraph[] = [];
  for (const paragraph of paragraphs) {
    if (options.abstractOnly && !paragraph.abstract) continue;
    resolved.push(resolveParagraph(paragraph, options, counts));
  }
  return { pageId: title === undefined ? -1 : options.entityId(title) ?? -1, paragraphs: resolved };
}

function resolveParagraph(
  paragraph: ItemParagraph,
  options: ResolvePageOptions,
  counts: PageItemCounts,
): ResolvedParagraph {
  const compat = options.compat === "luke";
  let text = paragraph.text;
  const mentions: EntityMention[] = [];
  const ordered: ItemParagraph["links"] = compat
    ? paragraph.links
    : paragraph.links.toSorted((a, b) => a.start - b.start || b.end - a.end);
  let last = 0;
  for (const link of ordered) {
    const title = options.resolveRedirect(link.title);
    if (compat && title.startsWith("Category:") && link.text.toLowerCase().startsWith("category:")) {
      text = text.slice(0, link.start) + " ".repeat(link.end - link.start) + text.slice(link.end);
      continue;
    }
    counts.links++;
    const known = options.entityId(title);
    if (known !== undefined) counts.linksInVocabulary++;
    const id = known ?? options.unkEntityId;
    if (id === undefined) continue;
    // A link inside another has no place of its own among the segments of a sentence.
    if (!compat && (link.start < last || link.start >= link.end)) continue;
    mentions.push({ id, start: link.start, end: link.end });
    last = link.end;
  }
  return { text, mentions };
}
