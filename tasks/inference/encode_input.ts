import { UserError } from "@lukeforge/corpus";
import type { ItemEntity, MaskedItem } from "@lukeforge/train";
import type { InferenceModel } from "./inference_model.ts";
import { type Mention, utf16Span } from "./mention.ts";

/** What a network is asked about. */
export interface TextInput {
  /** The text. */
  readonly text: string;
  /** Mentions of entities; LUKE only. */
  readonly mentions?: readonly Mention[];
  /** What messages call it; its number unless told. */
  readonly name?: string;
}

/** What to do with texts. */
export interface EncodeOptions {
  /** Whether texts longer than the network's positions are cut; an error unless told. */
  readonly truncate?: boolean;
}

/** A text as the network reads it, nothing masked but what the text itself masks. */
export type EncodedInput = Pick<MaskedItem, "wordIds" | "entities">;

/** What messages call an input. */
export function inputName({ name }: TextInput, index: number): string {
  return name ?? `text ${index + 1}`;
}

/**
 * The words of a text and the entities of its mentions, encoded as transformers' tokenizers do. A mention's positions are cut to the
 * tokenizer's `max_mention_length`.
 *
 * @param where what messages name: the text.
 * @throws {UserError} when the text is too long, a mention is not in it, or its entity is unknown.
 */
export function encodeInput(
  model: InferenceModel,
  { text, mentions = [] }: TextInput,
  where: string,
  { truncate = false }: EncodeOptions,
): EncodedInput {
  const { tokenizer, limits, config } = model;
  if (mentions.length > 0) checkMentions(model, mentions, where);
  const encoded = tokenizer.encodeText(text, {
    spans: mentions.map((mention) => utf16Span(text, mention, where)),
  });
  let { ids } = encoded;
  if (ids.length > limits.words) {
    if (!truncate) {
      throw new UserError(
        `${where}: has ${ids.length} tokens, the network ${limits.words} positions; shorten the text, or cut it with --truncate`,
      );
    }
    ids = [...ids.slice(0, limits.words - 1), tokenizer.sepId];
  }
  const strange = ids.find((id) => id >= config.vocabSize);
  if (strange !== undefined) {
    throw new UserError(
      `${where}: ${
        JSON.stringify(tokenizer.token(strange))
      } has the id ${strange}, the network only ${config.vocabSize} words; leave it out`,
    );
  }
  const lastWord = ids.length - 1;
  const entities = mentions.map((mention, i): ItemEntity => {
    const [start = 0, end = 0] = encoded.spans[i] ?? [];
    if (start >= end) throw new UserError(`${where}: ${spanText(mention)} holds nothing but white space`);
    if (end > lastWord) {
      throw new UserError(`${where}: ${spanText(mention)} lies beyond what is left of the text`);
    }
    return {
      id: entityId(model, mention, where),
      start,
      length: Math.min(end - start, limits.mentionLength),
    };
  });
  return { wordIds: Int32Array.from(ids), entities };
}

function spanText({ start, end }: Mention): string {
  return `the mention from ${start} to ${end}`;
}

function checkMentions(model: InferenceModel, mentions: readonly Mention[], where: string): void {
  model.entityVocab; // throws where there is none
  if (mentions.length > model.limits.entities) {
    throw new UserError(
      `${where}: has ${mentions.length} mentions, at most ${model.limits.entities} can be asked at once`,
    );
  }
}

function entityId({ entityVocab, path }: InferenceModel, { entity }: Mention, where: string): number {
  if (entity === undefined) return entityVocab.maskId;
  const colon = entity.indexOf(":");
  const id = entityVocab.getId(entity) ??
    (colon > 0 ? entityVocab.getId(entity.slice(colon + 1), entity.slice(0, colon)) : undefined);
  if (id !== undefined) return id;
  const several = entityVocab.languages.size > 1 ? " (with its language: en:Japan)" : "";
  throw new UserError(
    `${where}: ${
      JSON.stringify(entity)
    } is no title in the entity vocabulary of ${path}; correct it${several}, or say [UNK]`,
  );
}
