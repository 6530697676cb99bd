import { fromCodePointOffsets, UserError } from "@lukeforge/corpus";
import { isSpecialEntity, UNK_ENTITY } from "@lukeforge/vocab";
import type { SourceDocument } from "./document_source.ts";
import type { ItemParagraph } from "./page_items.ts";

/** A document read from a line of JSON. */
export interface JsonLineDocument extends SourceDocument {
  /** Its `id`, else its `title`, else its text: what stays the same when lines are added before it. */
  readonly key: string;
}

interface Mention {
  /** Its number in the line, from 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly entity: string;
}

/**
 * The document of a line `{"id", "title", "text", "mentions": [{"start", "end", "entity"}]}`. Only the text is needed; offsets are
 * code points, mentions may come in any order and may touch. Other fields are ignored.
 *
 * @param place what messages begin with: file and line.
 * @param withMentions false: mentions are not looked at.
 * @throws {UserError} when it is no such line.
 */
export function jsonLineDocument(line: string, place: string, withMentions: boolean): JsonLineDocument {
  const value = parsed(line, place);
  const { id, title, text, mentions } = value;
  if (typeof text !== "string") {
    throw new UserError(
      `${place}: ${
        text === undefined ? "has no" : "is not text:"
      } "text"; write {"text": "…", "mentions": […]}`,
    );
  }
  checkUnicode(text, "text", place);
  if (id !== undefined && typeof id !== "string" && typeof id !== "number") {
    throw new UserError(`${place}: "id" is neither text nor number; change it or leave it out`);
  }
  if (title !== undefined && typeof title !== "string") {
    throw new UserError(`${place}: "title" is no text; change it or leave it out`);
  }
  const links = withMentions ? linksOf(mentions ?? [], text, place) : [];
  return {
    key: id !== undefined ? String(id) : title ?? text,
    ...(title !== undefined && { title }),
    paragraphs: [{ text, links, abstract: true }],
  };
}

function parsed(line: string, place: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const isList = /^\s*\[\s*$/.test(line) || /^\s*\{\s*$/.test(line);
    throw new UserError(
      isList
        ? `${place}: JSON over several lines; write one document a line`
        : `${place}: is not JSON (${(error as Error).message}); correct the line`,
    );
  }
  if (!isObject(value)) {
    throw new UserError(`${place}: is no JSON object; write {"text": "…", "mentions": […]}`);
  }
  return value;
}

/** JSON can spell what no file can hold: half of a surrogate pair. */
function checkUnicode(text: string, field: string, place: string): void {
  if (text.isWellFormed()) return;
  const at = text.search(LONE_SURROGATE);
  throw new UserError(
    `${place}: "${field}" has U+${
      text.charCodeAt(at).toString(16).toUpperCase()
    }, half of a surrogate pair, at character ${
      Array.from(text.slice(0, at)).length
    }; write the whole character`,
  );
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function linksOf(value: unknown, text: string, place: string): ItemParagraph["links"] {
  if (!Array.isArray(value)) {
    throw new UserError(`${place}: "mentions" is no list; write [{"start": 0, "end": 5, "entity": "…"}]`);
  }
  if (value.length === 0) return [];
  const length = text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
  const mentions = value.map((mention: unknown, i) => mentionOf(mention, i + 1, length, place));
  mentions.sort((a, b) => a.start - b.start);
  mentions.forEach(({ number, start, end }, i) => {
    const before = mentions[i - 1];
    if (before === undefined || before.end <= start) return;
    throw new UserError(
      `${place}, mention ${number} (${start} to ${end}): overlaps mention ${before.number} (${before.start} to ${before.end}); remove one of them`,
    );
  });
  const offsets = fromCodePointOffsets(text, mentions.flatMap(({ start, end }) => [start, end]));
  return mentions.map(({ entity }, i) => {
    const [start = 0, end = 0] = offsets.slice(2 * i, 2 * i + 2);
    return { title: entity, text: text.slice(start, end), start, end };
  });
}

function mentionOf(value: unknown, number: number, length: number, place: string): Mention {
  const here = `${place}, mention ${number}`;
  if (!isObject(value)) {
    throw new UserError(`${here}: is no object; write {"start": 0, "end": 5, "entity": "…"}`);
  }
  const { start, end, entity } = value;
  if (typeof entity !== "string" || entity === "") {
    throw new UserError(
      `${here}: "entity" is ${entity === undefined ? "missing" : "no title"}; write a title`,
    );
  }
  checkUnicode(entity, "entity", here);
  if (isSpecialEntity(entity) && entity !== UNK_ENTITY) {
    throw new UserError(`${here}: "entity" is ${entity}, which training puts there by itself; write a title`);
  }
  const whole = (offset: unknown, name: string): number => {
    if (typeof offset === "number" && Number.isSafeInteger(offset)) return offset;
    throw new UserError(
      `${here}: "${name}" is ${
        offset === undefined ? "missing" : `${shown(offset)}, no whole number`
      }; count characters (code points) from 0`,
    );
  };
  const [first, last] = [whole(start, "start"), whole(end, "end")];
  const between = `${here} (${first} to ${last})`;
  if (first < 0 || last > length) {
    throw new UserError(
      `${between}: is not within the text, which has ${length} characters; count code points, not bytes or UTF-16 units`,
    );
  }
  if (first >= last) {
    throw new UserError(
      `${between}: ${
        first === last ? "covers nothing" : "ends before it starts"
      }; "end" is the first character after the mention`,
    );
  }
  return { number, start: first, end: last, entity };
}

/** A value in a message: lists and objects may be of any depth. */
function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") {
    return value === null ? "null" : Array.isArray(value) ? "a list" : `of type ${typeof value}`;
  }
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
