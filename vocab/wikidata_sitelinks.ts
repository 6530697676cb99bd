/** What an interwiki database needs of an entity of a Wikidata dump. */
export interface WikidataItem {
  /** Its number without the `Q`; undefined where the line has none, as in extracts. */
  readonly qid: number | undefined;
  /** Its pages: the name of the site, as `enwiki`, and the title there. */
  readonly sitelinks: readonly (readonly [site: string, title: string])[];
}

/** What a line holds: an item, an entity of another kind (a property), or something that is no entity. */
export type WikidataEntity = WikidataItem | "other" | undefined;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the type, the id and the sitelinks of one entity, `bytes[from … to)`. Its claims, nearly all of a dump, are passed over and
 * not parsed: the last key `sitelinks` of the line is taken if it belongs to the entity itself, else the whole is parsed.
 *
 * @returns undefined when what is looked at is malformed. What is passed over is not checked.
 */
export function parseWikidataEntity(bytes: Uint8Array, from: number, to: number): WikidataEntity {
  if (bytes[from] !== OPEN || bytes[to - 1] !== CLOSE) return undefined;
  const head = HEAD.exec(latin1(bytes, from, Math.min(to, from + HEAD_BYTES)));
  if (head === null) return parseWhole(bytes, from, to);
  const [, type, qid] = head;
  if (type !== "item") return "other";
  const key = lastSitelinks(bytes, from, to);
  if (key < 0) return { qid: Number(qid), sitelinks: [] };
  const value = valueAfter(bytes, key + KEY.length, to);
  const end = value < 0 ? -1 : endOfTopLevelValue(bytes, value, to);
  if (end < 0) return parseWhole(bytes, from, to);
  try {
    const sitelinks = sitelinksOf(JSON.parse(decoder.decode(bytes.subarray(value, end))));
    return sitelinks && { qid: Number(qid), sitelinks };
  } catch {
    return undefined;
  }
}

const [OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY, QUOTE, BACKSLASH, COLON] = [
  0x7b,
  0x7d,
  0x5b,
  0x5d,
  0x22,
  0x5c,
  0x3a,
];

const HEAD_BYTES = 80;
/** Wikidata writes type and id first; other lines are parsed whole. */
const HEAD = /^\{\s*"type"\s*:\s*"([a-z]+)"\s*,\s*"id"\s*:\s*"[A-Z](\d{1,15})"/;

const KEY = new TextEncoder().encode('"sitelinks"');
/** For Horspool's search from the end: how far to go on by the byte at the first place of the key. */
const SHIFT = new Uint8Array(256).fill(KEY.length);
for (let i = KEY.length - 1; i > 0; i--) SHIFT[KEY[i] ?? 0] = i;

/** Where the last `"sitelinks"` begins that may be a key; −1 when there is none. */
function lastSitelinks(bytes: Uint8Array, from: number, to: number): number {
  let at = to - KEY.length;
  while (at >= from) {
    let i = 0;
    while (i < KEY.length && bytes[at + i] === KEY[i]) i++;
    if (i === KEY.length && bytes[at - 1] !== BACKSLASH && valueAfter(bytes, at + KEY.length, to) >= 0) {
      return at;
    }
    at -= SHIFT[bytes[at] ?? 0] ?? 1;
  }
  return -1;
}

/** Where the value begins whose key ends at `at`; −1 when no colon follows. */
function valueAfter(bytes: Uint8Array, at: number, to: number): number {
  at = skipSpace(bytes, at, to);
  return bytes[at] === COLON && at < to ? skipSpace(bytes, at + 1, to) : -1;
}

/** The end of the value at `at` if it belongs to the outermost object, which ends at `to`; else −1. */
function endOfTopLevelValue(bytes: Uint8Array, at: number, to: number): number {
  let depth = 0;
  let end = -1;
  for (; at < to; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; at < to && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE || byte === CLOSE_ARRAY) {
      depth--;
      if (depth === 0 && end < 0) end = at + 1;
      if (depth < 0) return end >= 0 && at === to - 1 ? end : -1;
    }
  }
  return -1;
}

function skipSpace(bytes: Uint8Array, at: number, to: number): number {
  while (at < to && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

function parseWhole(bytes: Uint8Array, from: number, to: number): WikidataEntity {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes.subarray(from, to)));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { type, id, sitelinks } = value as Record<string, unknown>;
  if (typeof type !== "string") return undefined;
  if (type !== "item") return "other";
  const digits = typeof id === "string" ? /^[A-Z](\d{1,15})$/.exec(id)?.[1] : undefined;
  const links = sitelinksOf(sitelinks);
  return links && { qid: digits === undefined ? undefined : Number(digits), sitelinks: links };
}

/** Wikidata writes an empty array where there are none. */
function sitelinksOf(value: unknown): [site: string, title: string][] | undefined {
  if (value === undefined || value === null || Array.isArray(value) && value.length === 0) return [];
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const links: [string, string][] = [];
  for (const link of Object.values(value)) {
    if (typeof link !== "object" || link === null) return undefined;
    const { site, title } = link as Record<string, unknown>;
    if (typeof site !== "string" || typeof title !== "string") return undefined;
    links.push([site, title]);
  }
  return links;
}
