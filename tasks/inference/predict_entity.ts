import { UserError } from "@lukeforge/corpus";
import type { EntityVocab } from "@lukeforge/vocab";
import { encodeInput, type EncodeOptions, inputName, type TextInput } from "./encode_input.ts";
import type { InferenceModel } from "./inference_model.ts";
import { logitsOfPlaces } from "./logits_of_places.ts";
import { type Mention, mentionText } from "./mention.ts";
import { topProbabilities } from "./top_probabilities.ts";

/** An entity that a mention may stand for. */
export interface PredictedEntity {
  /** Its probability among all entries of the entity vocabulary, special ones included, as transformers' softmax has it. */
  readonly score: number;
  /** Its id. */
  readonly entity: number;
  /** Its title. */
  readonly title: string;
  /** The title's language; null where the vocabulary records none. */
  readonly language: string | null;
}

/** What a mention stands for. */
export interface MentionPrediction {
  /** Its first character, in code points. */
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  /** Its characters. */
  readonly mention: string;
  /** Best first. */
  readonly entities: readonly PredictedEntity[];
}

/** Options of {@linkcode predictEntity}. */
export interface PredictEntityOptions extends EncodeOptions {
  /** Entities for each mention; 5 unless told. */
  readonly topK?: number;
  /** Whether `[PAD]`, `[UNK]`, `[MASK]` and `[MASK2]` may be among them; not unless told. */
  readonly specials?: boolean;
  /** Language of the titles where an entity has several. */
  readonly language?: string;
}

/**
 * The most probable entities of each mention of a text, best first. All mentions that name no entity are hidden from the network at
 * once, as `[MASK]`; those that do are shown to it and not predicted.
 *
 * @throws {UserError} when a mention is not in the text or the text too long, and when the model has no entities to predict: BERT
 * and other models of words only, lite LUKEs whose vocabulary holds special entities alone.
 */
export async function predictEntity(
  model: InferenceModel,
  text: string,
  mentions: readonly Mention[],
  options: PredictEntityOptions = {},
): Promise<MentionPrediction[]> {
  return (await predictEntities(model, [{ text, mentions }], options))[0] ?? [];
}

/** {@linkcode predictEntity} for several texts, those of similar length together. @throws {UserError} as there. */
export async function predictEntities(
  model: InferenceModel,
  texts: readonly TextInput[],
  options: PredictEntityOptions = {},
): Promise<MentionPrediction[][]> {
  const { entityVocab } = model;
  model.requireEntityHead();
  const candidates = rankedEntities(entityVocab, options.specials ?? false);
  if (candidates.length === 0) {
    throw new UserError(
      `${model.path}: is a lite model, its entities were removed but for [MASK] and the like; take the model with its entities`,
    );
  }
  const inputs = texts.map((input, i) => {
    const { mentions = [] } = input;
    const where = inputName(input, i);
    const encoded = encodeInput(model, input, where, options);
    const hidden = mentions.keys().filter((index) => mentions[index]?.entity === undefined).toArray();
    if (hidden.length === 0) throw new UserError(`${where}: has no mention to predict; give its span`);
    return { encoded, places: hidden };
  });
  const results: MentionPrediction[][] = texts.map(() => []);
  await logitsOfPlaces(model, "entities", inputs, (index, logits) => {
    const predictions = results[index] ?? [];
    const { text = "", mentions = [] } = texts[index] ?? {};
    const mention = mentions[inputs[index]?.places[predictions.length] ?? 0];
    if (mention === undefined) return;
    predictions.push({
      start: mention.start,
      end: mention.end,
      mention: mentionText(text, mention),
      entities: topProbabilities(logits, options.topK ?? 5, candidates).map(({ id, score }) => ({
        score,
        entity: id,
        ...titleOf(entityVocab, id, options.language),
      })),
    });
  });
  return results;
}

/** The ids that may be answers; none in a lite model, which has special entities alone. */
function rankedEntities(vocab: EntityVocab, specials: boolean): number[] {
  const { padId, unkId, maskId, mask2Id, size } = vocab;
  const special = new Set([padId, unkId, maskId, ...(mask2Id === undefined ? [] : [mask2Id])]);
  if (special.size === size) return [];
  const ids = Array.from({ length: size }, (_, id) => id);
  return specials ? ids : ids.filter((id) => !special.has(id));
}

function titleOf(
  vocab: EntityVocab,
  id: number,
  language: string | undefined,
): { readonly title: string; readonly language: string | null } {
  const title = vocab.titleOf(id, language);
  if (language !== undefined && vocab.getId(title, language) === id) return { title, language };
  const own = [...vocab.languages].find((one) =>
    vocab.titleOf(id, one) === title && vocab.getId(title, one) === id
  );
  return { title, language: own ?? null };
}
