import { UserError } from "@lukeforge/corpus";
import { MASK_ENTITY } from "@lukeforge/vocab";
import type { TextInput } from "./encode_input.ts";
import type { InputLine } from "./input_lines.ts";
import type { Mention } from "./mention.ts";

/**
 * A line of JSON as a text with mentions: `{"text", "mentions": [[start, end], …], "entities": [title or null, …]}`.
 *
 * @throws {UserError} when it is something else.
 */
export function textRecord({ text: line, name }: InputLine): TextInput {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null) {
    const { text, mentions = [], entities = [] } = value as Record<string, unknown>;
    if (
      typeof text === "string" && Array.isArray(mentions) && mentions.every(isSpan) &&
      Array.isArray(entities) && entities.length <= mentions.length && entities.every(isTitle)
    ) {
      return { text, mentions: mentions.map(([start, end], i) => mentionOf(start, end, entities[i])), name };
    }
  }
  throw new UserError(
    `${name}: expected {"text": …, "mentions": [[start, end], …], "entities": [title or null, …]}; correct the line`,
  );
}

function mentionOf(start: number, end: number, entity: string | null | undefined): Mention {
  return typeof entity === "string" && entity !== MASK_ENTITY ? { start, end, entity } : { start, end };
}

function isSpan(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
}

function isTitle(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
