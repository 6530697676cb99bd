import type { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import { MASK_ENTITY } from "@lukeforge/vocab";
import { repeated } from "../option_values.ts";
import { findMention, type Mention } from "./mention.ts";

/** Options of commands that take mentions. */
export interface MentionOptions {
  readonly mention?: readonly string[];
  readonly mentionText?: readonly string[];
  readonly entity?: readonly string[];
}

/** `--mention`, `--mention-text` and `--entity`, and what commands do with them. */
export const MENTION_OPTIONS: {
  /** Adds them to a command. */
  addTo(command: Command): void;
  /** The mentions of a text, those of `--mention` first. @throws {UserError} when they make no sense. */
  mentionsOf(options: MentionOptions, texts: readonly string[]): Mention[];
} = {
  addTo(command) {
    command.optionsGroup("Mentions of entities in the text:")
      .option(
        "--mention <start end...>",
        "first character and the one behind the last, counted from 0 in code points; may be repeated",
      )
      .option("--mention-text <text>", "a mention by its text, which occurs once; may be repeated", repeated)
      .option(
        "--entity <title>",
        "the entity that the network is told the mention is, in the order of the mentions (default: [MASK]); may be repeated",
        repeated,
      );
  },
  mentionsOf({ mention = [], mentionText = [], entity = [] }, texts) {
    if (mention.length + mentionText.length + entity.length === 0) return [];
    const [text, ...others] = texts;
    if (text === undefined || others.length > 0) {
      throw new UserError("--mention, --mention-text and --entity: go with one text; give one");
    }
    const spans = [...spansOf(mention), ...mentionText.map((one) => findMention(text, one, "the text"))];
    if (entity.length > spans.length) {
      throw new UserError(
        `--entity: ${entity.length} titles for ${spans.length} mentions; give a --mention for each`,
      );
    }
    return spans.map((span, i) => {
      const title = entity[i];
      return title === undefined || title === MASK_ENTITY ? span : { ...span, entity: title };
    });
  },
};

function spansOf(values: readonly string[]): Mention[] {
  const numbers = values.map((value) => /^\d+$/.test(value) ? Number(value) : NaN);
  const odd = values[numbers.findIndex((number) => !Number.isSafeInteger(number))];
  if (odd !== undefined) {
    throw new UserError(
      `--mention: takes the numbers START END, not ${JSON.stringify(odd)}; the text comes before --mention`,
    );
  }
  if (numbers.length % 2 === 1) throw new UserError("--mention: takes two numbers, START END; give both");
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({
    start: numbers[2 * i] ?? 0,
    end: numbers[2 * i + 1] ?? 0,
  }));
}
