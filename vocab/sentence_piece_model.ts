import { UserError } from "@lukeforge/corpus";

/** The kinds of pieces in a SentencePiece model. */
export type PieceType = "normal" | "unknown" | "control" | "user-defined" | "unused" | "byte";

/** What is taken from a SentencePiece model file. */
export interface SentencePieceModel {
  /** By SentencePiece's own ids. */
  readonly pieces: readonly { readonly piece: string; readonly score: number; readonly type: PieceType }[];
  /** The table of normalizations; empty where text is left as it is. */
  readonly precompiledCharsmap: Uint8Array;
}

const TYPES: readonly (PieceType | undefined)[] = [
  undefined,
  "normal",
  "unknown",
  "control",
  "user-defined",
  "unused",
  "byte",
];
const UNIGRAM = 1;

/**
 * Reads a `ModelProto` (`sentencepiece.bpe.model`): pieces with scores and the table of normalizations.
 *
 * @param source what messages name: the file.
 * @throws {UserError} when the bytes are damaged, or the model is no unigram model.
 */
export function readSentencePieceModel(bytes: Uint8Array, source: string): SentencePieceModel {
  const pieces: SentencePieceModel["pieces"][number][] = [];
  let precompiledCharsmap = new Uint8Array();
  let modelType = UNIGRAM;
  try {
    for (const { field, value } of protobufFields(bytes)) {
      if (!(value instanceof Uint8Array)) continue;
      if (field === 1) pieces.push(readPiece(value));
      else if (field === 2) {
        for (const { field, value: type } of protobufFields(value)) {
          if (field === 3 && typeof type === "number") modelType = type;
        }
      } else if (field === 3) {
        for (const { field, value: table } of protobufFields(value)) {
          if (field === 2 && table instanceof Uint8Array) precompiledCharsmap = table.slice();
        }
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new UserError(`${source}: is no SentencePiece model (${error.message}); copy the file again`);
  }
  if (pieces.length === 0) {
    throw new UserError(`${source}: is no SentencePiece model (no pieces); copy the file again`);
  }
  if (modelType !== UNIGRAM) {
    throw new UserError(`${source}: is no unigram model; use the tokenizer of an XLM-RoBERTa or mLUKE model`);
  }
  return { pieces, precompiledCharsmap };
}

function readPiece(bytes: Uint8Array): SentencePieceModel["pieces"][number] {
  let piece = "";
  let score = 0;
  let type: PieceType = "normal";
  for (const { field, value } of protobufFields(bytes)) {
    if (field === 1 && value instanceof Uint8Array) {
      piece = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
    } else if (field === 2 && value instanceof Uint8Array) {
      score = new DataView(value.buffer, value.byteOffset, 4).getFloat32(0, true);
    } else if (field === 3 && typeof value === "number") type = TYPES[value] ?? "normal";
  }
  return { piece, score, type };
}

/** The fields of a message: varints as numbers, all else as bytes. @throws {RangeError} when it is cut off or malformed. */
function* protobufFields(bytes: Uint8Array): Generator<{ field: number; value: number | Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError(`cut off at byte ${at - 1}`);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`malformed number at byte ${at}`);
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new RangeError(`cut off at byte ${at}`);
    return bytes.subarray(at, at += length);
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const wire = key % 8;
    if (field === 0) throw new RangeError(`malformed field at byte ${at}`);
    if (wire === 0) yield { field, value: varint() };
    else if (wire === 1) yield { field, value: take(8) };
    else if (wire === 2) yield { field, value: take(varint()) };
    else if (wire === 5) yield { field, value: take(4) };
    else throw new RangeError(`malformed field at byte ${at}`);
  }
}
