import type { StoredTensor } from "../weights/stored_tensor.ts";

/** A tensor of a file. */
export interface NamedTensor {
  /** The name in the file. */
  readonly fileName: string;
  /** Where its elements are. */
  readonly tensor: StoredTensor;
}

/** What {@linkcode resolveDecoders} decides. */
export interface Decoders {
  /** Tensors by canonical name; each of the tied ones once. */
  readonly tensors: Map<string, NamedTensor>;
  /** Whether the word table decodes words. */
  readonly tieWordEmbeddings: boolean;
  /** Names in the file whose tensors are copies, or are not read for what a notice says. */
  readonly ignored: readonly string[];
  /** A sentence for each thing that a user should know. */
  readonly notices: readonly string[];
}

/** The table of word embeddings. */
export const WORD_TABLE = "luke.embeddings.word_embeddings.weight";
/** The table of entity embeddings. */
export const ENTITY_TABLE = "luke.entity_embeddings.entity_embeddings.weight";
const WORD_DECODER = "lm_head.decoder.weight";
const WORD_BIAS = "lm_head.bias";
const WORD_DECODER_BIAS = "lm_head.decoder.bias";
const ENTITY_DECODER = "entity_predictions.decoder.weight";

/**
 * Decides what decodes words and entities, where files hold a tied weight once, twice, or under another name. As transformers 5.18
 * does, whatever the version that wrote the file:
 *
 * - a word decoder that equals the table is tied to it, one that differs is kept, even if the configuration says that it is tied;
 * - a decoder that alone is there is the table, too;
 * - of two biases, the decoder's is what is added.
 *
 * Other than in transformers 5, a word decoder that is absent from a tied LUKE is the word table, as in the versions before and
 * in LUKE's own repository, and an entity decoder that differs from the entity table gives way to it.
 *
 * @param found tensors by canonical name.
 * @param tieWordEmbeddings what the configuration says.
 */
export function resolveDecoders(
  found: ReadonlyMap<string, NamedTensor>,
  tieWordEmbeddings: boolean,
): Decoders {
  const tensors = new Map(found);
  const ignored: string[] = [];
  const notices: string[] = [];
  const drop = (name: string): void => {
    const named = tensors.get(name);
    if (named) ignored.push(named.fileName);
    tensors.delete(name);
  };
  /** Gives a table's place to its decoder if that alone is there. */
  const standIn = (table: string, decoder: string): void => {
    const named = tensors.get(decoder);
    if (named === undefined || tensors.has(table)) return;
    tensors.delete(decoder);
    tensors.set(table, named);
    notices.push(`${named.fileName} is the table of its embeddings, too: the file has one tensor for both`);
  };

  if (tieWordEmbeddings) standIn(WORD_TABLE, WORD_DECODER);
  let tied = tieWordEmbeddings;
  const [table, decoder] = [tensors.get(WORD_TABLE), tensors.get(WORD_DECODER)];
  if (tied && table && decoder) {
    tied = sameValues(table.tensor, decoder.tensor);
    if (!tied) {
      notices.push(
        `${decoder.fileName} differs from ${table.fileName}, although the configuration ties them: both are kept`,
      );
    } else drop(WORD_DECODER);
  }

  const [bias, decoderBias] = [tensors.get(WORD_BIAS), tensors.get(WORD_DECODER_BIAS)];
  if (decoderBias) {
    const kept = bias && sameValues(bias.tensor, decoderBias.tensor) ? bias : decoderBias;
    const other = kept === bias ? decoderBias : bias;
    if (other) ignored.push(other.fileName);
    if (other && kept === decoderBias) {
      notices.push(
        `${kept.fileName} differs from ${other.fileName}: the first is added, the second is not read`,
      );
    }
    tensors.delete(WORD_DECODER_BIAS);
    tensors.set(WORD_BIAS, kept);
  } else if (!tieWordEmbeddings && bias && decoder) {
    notices.push(
      `${bias.fileName} is added, as the file has none of the decoder's own; transformers 5 would add nothing`,
    );
  }

  standIn(ENTITY_TABLE, ENTITY_DECODER);
  const [entities, entityDecoder] = [tensors.get(ENTITY_TABLE), tensors.get(ENTITY_DECODER)];
  if (entities && entityDecoder) {
    if (!sameValues(entities.tensor, entityDecoder.tensor)) {
      notices.push(
        `${entityDecoder.fileName} differs from ${entities.fileName} and is not read: entities are decoded with their table ` +
          "(transformers 5 decodes with the decoder, versions before with the table)",
      );
    }
    drop(ENTITY_DECODER);
  }
  return { tensors, tieWordEmbeddings: tied, ignored, notices };
}

/** Elements that are compared at a time. */
const PIECE_LENGTH = 2 ** 18;

/** Whether two tensors have one shape and the same values; a few at a time are in memory. */
function sameValues(a: StoredTensor, b: StoredTensor): boolean {
  if (a.shape.length !== b.shape.length || a.shape.some((size, i) => size !== b.shape[i])) return false;
  const length = a.shape.reduce((product, size) => product * size, 1);
  for (let begin = 0; begin < length; begin += PIECE_LENGTH) {
    const end = Math.min(begin + PIECE_LENGTH, length);
    const [some, other] = [a.readFloats(begin, end), b.readFloats(begin, end)];
    for (let i = 0; i < some.length; i++) if (some[i] !== other[i]) return false;
  }
  return true;
}
