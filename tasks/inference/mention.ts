import { UserError } from "@lukeforge/corpus";

/** A mention of an entity in a text. Offsets count code points from 0, as Python's do; `end` is exclusive. */
export interface Mention {
  /** Its first character. */
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  /**
   * Title of the entity that the network is told it is, as in the vocabulary; `language:Title` where that has several languages.
   * The network is shown `[MASK]` unless told.
   */
  readonly entity?: string;
}

/**
 * A mention's place in UTF-16 code units.
 *
 * @param where what messages name: the text.
 * @throws {UserError} when it is empty or not within the text.
 */
export function utf16Span(text: string, { start, end }: Mention, where: string): [number, number] {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || start >= end) {
    throw new UserError(
      `${where}: the mention from ${start} to ${end} is no span; the end is behind the last character`,
    );
  }
  const startUnit = unitOf(text, start), endUnit = unitOf(text, end);
  if (startUnit !== undefined && endUnit !== undefined) return [startUnit, endUnit];
  throw new UserError(
    `${where}: the mention from ${start} to ${end} is not within the text of ${
      [...text].length
    } characters (code points, from 0)`,
  );
}

function unitOf(text: string, codePoint: number): number | undefined {
  let unit = 0;
  for (let i = 0; i < codePoint; i++) {
    if (unit >= text.length) return undefined;
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

/** The only occurrence of `mentionText` in a text. @throws {UserError} when there is none, or several. */
export function findMention(text: string, mentionText: string, where: string): Mention {
  if (mentionText === "") throw new UserError(`${where}: the text of a mention is empty`);
  const units: number[] = [];
  for (let at = text.indexOf(mentionText); at >= 0; at = text.indexOf(mentionText, at + 1)) units.push(at);
  const length = [...mentionText].length;
  const spans = units.map((unit) => {
    const start = [...text.slice(0, unit)].length;
    return { start, end: start + length };
  });
  const [only, ...others] = spans;
  if (only === undefined) throw new UserError(`${where}: does not contain ${JSON.stringify(mentionText)}`);
  if (others.length === 0) return only;
  throw new UserError(
    `${where}: contains ${JSON.stringify(mentionText)} ${spans.length} times; give one of its places: ${
      spans.slice(0, 5).map(({ start, end }) => `${start} ${end}`).join(", ")
    }`,
  );
}

/** The characters of a mention. */
export function mentionText(text: string, { start, end }: Mention): string {
  return [...text].slice(start, end).join("");
}
