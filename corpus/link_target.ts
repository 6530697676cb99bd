import { decodeEntities } from "./html_entities.ts";
import { interwikiOf } from "./interwiki.ts";
import { NAMESPACE, type Namespaces } from "./namespaces.ts";
import { decodePercent, normalizeTitle, plainTitle, type TitleRules } from "./titles.ts";

/** What the part of a link before its first `|` means. */
export interface LinkTarget {
  /** `hidden` shows nothing where it stands (files, categories, other languages); `text` shows its text without being a link. */
  kind: "article" | "text" | "hidden";
  /** Normalised title without fragment. */
  title: string;
  /** What shows when the link has no text of its own. */
  shown: string;
}

/** Classifies the target of a link on a wiki with `namespaces` and `rules`. Only articles (namespace 0) make links. */
export function parseLinkTarget(raw: string, namespaces: Namespaces, rules: TitleRules): LinkTarget {
  const plain = raw.length <= MAX_BYTES ? plainTitle(raw, rules) : undefined;
  if (plain !== undefined) return { kind: "article", title: plain, shown: raw };
  const trimmed = decodeEntities(raw).trim();
  const colon = trimmed.startsWith(":");
  const name = colon ? trimmed.slice(1).trim() : trimmed;
  const title = normalizeTitle(name, rules);
  const interwiki = interwikiOf(name);
  const namespace = namespaces.of(title);
  const text: LinkTarget = { kind: "text", title, shown: name };
  if (
    !colon && (interwiki === "language" || namespace === NAMESPACE.file || namespace === NAMESPACE.category)
  ) {
    return { kind: "hidden", title, shown: "" };
  }
  if (interwiki !== undefined || namespace !== NAMESPACE.main || !isValidTitle(title)) {
    return text;
  }
  return { kind: "article", title, shown: name.includes("%") ? decodedName(name) : name };
}

/** `[[Caf%C3%A9]]` shows Café in MediaWiki; what stands for nothing visible, or for nothing, stays encoded. */
function decodedName(name: string): string {
  const decoded = decodePercent(name).replace(/\s+/g, " ").trim();
  return decoded === "" || /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]/u.test(decoded) ? name : decoded;
}

/** The longest title, in UTF-8. */
const MAX_BYTES = 255;

/** Relative paths, signatures and what a URL cannot hold are no titles to MediaWiki. */
const invalid =
  /^\.{1,2}(?:\/|$)|\/\.{1,2}(?:\/|$)|~~~|%[\da-f]{2}|&(?:[a-z\d]+|#\d+|#x[\da-f]+);|[\p{Cc}\ufffd]|^:/iu;

function isValidTitle(title: string): boolean {
  if (title === "" || title.length > MAX_BYTES || invalid.test(title)) return false;
  return title.length <= 85 || new TextEncoder().encode(title).length <= MAX_BYTES;
}

/** The text that MediaWiki's pipe trick gives `[[name|]]`: without namespace, parenthesis and what follows a comma. */
export function pipeTrick(name: string): string {
  const local = name.replace(/^:?[^:]*:/, "");
  const bare = local.replace(/\s*[(（][^()（）]*[)）]\s*$/, "");
  return bare !== local ? bare : local.replace(/[,，،].*$/, "").trim();
}
