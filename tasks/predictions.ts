import type { LukeBatch, LukeNetwork } from "@lukeforge/model";
import { collate, type DatasetItem, type ItemEntity, type MaskedItem, plainItem } from "@lukeforge/train";
import { SPECIAL_ENTITIES } from "@lukeforge/vocab";
import { topProbabilities } from "./inference/top_probabilities.ts";
import type { OpenDatasets } from "./pretrain_network.ts";

/** What a network answers about one hidden word or entity of a held-out page. */
export interface Prediction {
  /** Text before the hidden word or the mention. */
  readonly before: string;
  /** The mention's text; undefined for a hidden word. */
  readonly mention?: string;
  readonly after: string;
  readonly answer: string;
  /** The three most probable answers, best first, with their probabilities. */
  readonly top: readonly { readonly answer: string; readonly probability: number }[];
}

/** Tokens shown on either side. */
const CONTEXT = 14;

/** Hides one word in each of `count` held-out items, spread over the dataset, and asks for it. */
export async function predictWords(
  network: LukeNetwork,
  data: OpenDatasets,
  count: number,
): Promise<Prediction[]> {
  const { tokenizer } = data;
  const predictions: Prediction[] = [];
  const isWordOnly = network.config.entityVocabSize === 0;
  const hiddenIn = (item: DatasetItem): number => hiddenWord(plainItem(item, tokenizer).wordIds, data);
  for (const item of spread(data, (item) => hiddenIn(item) >= 0, count)) {
    const { wordIds, entities } = plainItem(item, tokenizer, isWordOnly);
    const position = hiddenIn(item);
    const label = wordIds[position];
    if (label === undefined) continue;
    const shown = wordIds.slice();
    shown[position] = tokenizer.maskId;
    const batch = batchOf({
      wordIds: shown,
      entities,
      maskedWordPositions: [position],
      maskedWordLabels: [label],
    }, data);
    predictions.push({
      before: text(wordIds, position - CONTEXT, position, data),
      after: text(wordIds, position + 1, position + 1 + CONTEXT, data),
      answer: tokenizer.decode([label]).trim(),
      top: best(await network.wordLogits(batch), (id) => tokenizer.decode([id]).trim()),
    });
  }
  return predictions;
}

/** Hides the entity of one mention in each of `count` held-out items and asks which it is. */
export async function predictEntities(
  network: LukeNetwork,
  data: OpenDatasets,
  count: number,
): Promise<Prediction[]> {
  const { tokenizer, vocab } = data;
  const predictions: Prediction[] = [];
  const isOrdinary = ({ id }: ItemEntity): boolean => !SPECIAL_ENTITIES.includes(vocab.titleOf(id));
  for (const item of spread(data, ({ entities }) => entities.some(isOrdinary), count)) {
    const { wordIds, entities } = plainItem(item, tokenizer);
    const index = entities.findIndex(isOrdinary);
    const entity = entities[index];
    if (entity === undefined) continue;
    const shown = entities.with(index, { ...entity, id: vocab.maskId });
    const batch = batchOf(
      { wordIds, entities: shown, maskedEntityIndices: [index], maskedEntityLabels: [entity.id] },
      data,
    );
    const end = entity.start + entity.length;
    predictions.push({
      before: text(wordIds, entity.start - CONTEXT, entity.start, data),
      mention: text(wordIds, entity.start, end, data),
      after: text(wordIds, end, end + CONTEXT, data),
      answer: vocab.titleOf(entity.id),
      top: best(await network.entityLogits(batch), (id) => vocab.titleOf(id)),
    });
  }
  return predictions;
}

/** A prediction as lines for people; the right answer carries a check mark. */
export function predictionLines({ before, mention, after, answer, top }: Prediction): string[] {
  const hidden = mention === undefined ? "____" : `[${mention}]`;
  const answers = top.map((one) =>
    `${one.answer === answer ? "✓ " : ""}${one.answer} ${(100 * one.probability).toFixed(0)} %`
  );
  const isRight = top.some((one) => one.answer === answer);
  return [
    `  ${before} ${hidden} ${after}`,
    `    → ${answers.join(", ")}${isRight ? "" : `   (✓ ${answer})`}`,
  ];
}

/** Up to `count` items that qualify, evenly spread over the dataset. */
function* spread(
  { dataset }: OpenDatasets,
  qualifies: (item: DatasetItem) => boolean,
  count: number,
): Generator<DatasetItem> {
  let next = 0;
  for (let i = 0; i < count; i++) {
    next = Math.max(next, Math.floor(i * dataset.size / count));
    while (next < dataset.size && !qualifies(dataset.item(next))) next++;
    if (next >= dataset.size) return;
    yield dataset.item(next++);
  }
}

/** The position nearest to the middle of a whole word of at least four letters in one token; −1 when there is none. */
function hiddenWord(wordIds: Int32Array, { tokenizer }: OpenDatasets): number {
  const middle = wordIds.length / 2;
  const isWhole = (position: number): boolean => {
    const id = wordIds[position] ?? 0;
    return !tokenizer.isSubword(id) && !tokenizer.isSubword(wordIds[position + 1] ?? 0) &&
      /^\p{L}{4,}$/u.test(tokenizer.decode([id]).trim());
  };
  const positions = Array.from({ length: Math.max(0, wordIds.length - 2) }, (_, i) => i + 1).filter(isWhole);
  return positions.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0] ?? -1;
}

function batchOf(
  item: Partial<MaskedItem> & Pick<MaskedItem, "wordIds" | "entities">,
  data: OpenDatasets,
): LukeBatch {
  const nothing = {
    maskedWordPositions: [],
    maskedWordLabels: [],
    maskedEntityIndices: [],
    maskedEntityLabels: [],
  };
  return collate([{ ...nothing, ...item }], data.tokenizer.padId);
}

/** The text of tokens [from, to), without `[CLS]` and `[SEP]`. */
function text(wordIds: Int32Array, from: number, to: number, { tokenizer }: OpenDatasets): string {
  const shown = wordIds.subarray(Math.max(1, from), Math.max(1, Math.min(wordIds.length - 1, to)));
  // A WordPiece tokenizer puts a space before every sign.
  return tokenizer.decode(shown).trim().replace(/ ([.,;:!?)\]])/g, "$1").replace(/([(\[]) /g, "$1");
}

function best(logits: Float32Array, name: (id: number) => string): Prediction["top"] {
  return topProbabilities(logits, 3).map(({ id, score }) => ({ answer: name(id), probability: score }));
}
