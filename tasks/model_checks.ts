import { UserError } from "@lukeforge/corpus";
import { elementCount, indexOfNonFinite, isHead, type OpenedModel } from "@lukeforge/model";
import { EntityVocab, openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import { quantity } from "./progress.ts";

/** Something that was looked at. */
export interface ModelCheck {
  /** What, in two or three words. */
  readonly name: string;
  /** Whether it is as it should be; null where there is nothing to look at. */
  readonly ok: boolean | null;
  /** What was found. */
  readonly detail: string;
}

/** The entities of LUKE's tokenizer in transformers for pairs; it demands both masks. */
const MASK2_ENTITY = "[MASK2]";
/** Words that mark mentions in fine-tuning with transformers' LUKE tokenizers. */
const ENTITY_MARKERS = ["<ent>", "<ent2>"];

/**
 * Looks whether tensors, tokenizer, entity vocabulary and configuration agree.
 *
 * @param progress takes scalars that were read and all that will be; giving it has every value checked.
 */
export async function modelChecks(
  model: OpenedModel,
  progress?: (done: number, total: number) => void,
): Promise<ModelCheck[]> {
  const checks = [tensorCheck(model), specialIdCheck(model)];
  const tokenizer = await opened(
    "words",
    () => model.tokenizerPath === undefined ? undefined : openTokenizer(model.tokenizerPath),
  );
  if ("ok" in tokenizer) checks.push(tokenizer);
  else {
    checks.push(wordCheck(model, tokenizer.value));
    if (model.config.entityVocabSize > 0) checks.push(markerCheck(model, tokenizer.value));
  }
  if (model.config.entityVocabSize > 0) {
    const vocab = await opened(
      "entities",
      () => model.entityVocabPath === undefined ? undefined : EntityVocab.load(model.entityVocabPath),
    );
    if ("ok" in vocab) checks.push(vocab);
    else checks.push(...entityChecks(model, vocab.value));
  }
  if (progress) checks.push(valueCheck(model, progress));
  return checks;
}

/** Opens a file of the model; a check that says so where there is none or it is damaged. */
async function opened<T>(
  name: string,
  open: () => T | undefined | Promise<T | undefined>,
): Promise<ModelCheck | { readonly value: T }> {
  try {
    const value = await open();
    if (value !== undefined) return { value };
    return { name, ok: null, detail: name === "words" ? "no tokenizer here" : "no entity vocabulary here" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, ok: false, detail: error.message };
  }
}

function tensorCheck({ report, tensors }: OpenedModel): ModelCheck {
  const { missing, unexpected, misshapen } = report;
  const name = "tensors";
  const headless = missing.length > 0 && missing.every(isHead) && ![...tensors.keys()].some(isHead);
  if (unexpected.length + misshapen.length === 0 && (missing.length === 0 || headless)) {
    return {
      name,
      ok: true,
      detail: headless ? "an encoder without heads, for hidden states" : "all there, none left over",
    };
  }
  return {
    name,
    ok: false,
    detail: `${missing.length} missing, ${unexpected.length} unexpected, ${misshapen.length} misshapen`,
  };
}

function specialIdCheck({ settings, config }: OpenedModel): ModelCheck {
  const ids = ["pad_token_id", "bos_token_id", "eos_token_id"].flatMap((field) => {
    const values: unknown[] = [settings[field]].flat();
    return values.flatMap((id) => typeof id === "number" ? [{ field, id }] : []);
  });
  const outside = ids.filter(({ id }) => !(Number.isInteger(id) && id >= 0 && id < config.vocabSize));
  return {
    name: "special ids",
    ok: outside.length === 0,
    detail: outside.length > 0
      ? `${
        outside.map(({ field, id }) => `${field} ${id}`).join(", ")
      }: not below vocab_size ${config.vocabSize}`
      : ids.map(({ field, id }) => `${field} ${id}`).join(", ") || "none in the configuration",
  };
}

function wordCheck({ config }: OpenedModel, tokenizer: Tokenizer): ModelCheck {
  const name = "words";
  const { vocabSize } = config;
  const sizes = `tokenizer ${quantity(tokenizer.vocabSize)}, vocab_size ${quantity(vocabSize)}`;
  if (tokenizer.vocabSize > vocabSize) return { name, ok: false, detail: `${sizes}: ids beyond the table` };
  if (config.baseModelType === "roberta" && tokenizer.padId !== config.padTokenId) {
    return {
      name,
      ok: false,
      detail:
        `the tokenizer pads with ${tokenizer.padId}, pad_token_id is ${config.padTokenId}: positions would be wrong`,
    };
  }
  const spare = vocabSize - tokenizer.vocabSize;
  return { name, ok: true, detail: spare === 0 ? sizes : `${sizes}: ${quantity(spare)} rows without a word` };
}

function markerCheck({ config }: OpenedModel, tokenizer: Tokenizer): ModelCheck {
  const name = "<ent> rows";
  const ids = ENTITY_MARKERS.map((marker) => ({ marker, id: tokenizer.addedTokenId(marker) }));
  const absent = ids.filter(({ id }) => id === undefined);
  if (absent.length === ids.length) {
    return {
      name,
      ok: null,
      detail: "the tokenizer has no <ent>: not for entity classification with transformers",
    };
  }
  const detail = ids.map(({ marker, id }) => `${marker} ${id ?? "absent"}`).join(", ");
  return {
    name,
    ok: absent.length === 0 && ids.every(({ id }) => id !== undefined && id < config.vocabSize),
    detail,
  };
}

function entityChecks({ config, entityVocabPath }: OpenedModel, vocab: EntityVocab): ModelCheck[] {
  const rows = config.entityVocabSize;
  const sizes = `vocabulary ${quantity(vocab.size)}, entity_vocab_size ${quantity(rows)}`;
  const spare = rows - vocab.size;
  const checks: ModelCheck[] = [{
    name: "entities",
    ok: spare >= 0,
    detail: spare < 0
      ? `${sizes}: ids beyond the table`
      : spare > 0
      ? `${sizes}: ${quantity(spare)} rows without an entity`
      : sizes,
  }];
  const mask2 = vocab.getId(MASK2_ENTITY);
  if (mask2 !== undefined) checks.push({ name: MASK2_ENTITY, ok: mask2 < rows, detail: `id ${mask2}` });
  else if (entityVocabPath?.endsWith(".json")) {
    checks.push({
      name: MASK2_ENTITY,
      ok: false,
      detail: "absent, and transformers' LUKE tokenizer demands it",
    });
  } else {
    checks.push({
      name: MASK2_ENTITY,
      ok: null,
      detail: "not in a vocabulary of LUKE's own; added on conversion",
    });
  }
  return checks;
}

/** Elements that are read at a time. */
const PIECE_LENGTH = 2 ** 20;

function valueCheck({ weights }: OpenedModel, progress: (done: number, total: number) => void): ModelCheck {
  const name = "values";
  let total = 0, done = 0;
  for (const { shape } of weights.tensors.values()) total += elementCount(shape);
  for (const [fileName, tensor] of weights.tensors) {
    const length = elementCount(tensor.shape);
    for (let begin = 0; begin < length; begin += PIECE_LENGTH) {
      const values = tensor.readFloats(begin, Math.min(begin + PIECE_LENGTH, length));
      const odd = indexOfNonFinite(values);
      if (odd >= 0) {
        return { name, ok: false, detail: `${fileName}: element ${begin + odd} is ${values[odd]}` };
      }
      done += values.length;
      progress(done, total);
    }
  }
  return { name, ok: true, detail: `${quantity(total)}, all finite` };
}
