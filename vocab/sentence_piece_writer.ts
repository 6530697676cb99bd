const UNIGRAM = 1;
const [UNKNOWN, CONTROL] = [2, 3];

/**
 * A SentencePiece `ModelProto` (`sentencepiece.bpe.model`) of a unigram model: `<unk>`, `<s>`, `</s>`, then the pieces. Text is not
 * normalized but for its spaces.
 *
 * @param pieces with their log probabilities, the special tokens not among them.
 */
export function sentencePieceModel(pieces: readonly (readonly [piece: string, score: number])[]): Uint8Array {
  const special = (piece: string, type: number): number[] => [...text(1, piece), ...number(3, type)];
  const messages = [
    bytes(1, special("<unk>", UNKNOWN)),
    bytes(1, special("<s>", CONTROL)),
    bytes(1, special("</s>", CONTROL)),
    ...pieces.map(([piece, score]) => bytes(1, [...text(1, piece), ...float(2, score)])),
    // trainer_spec: model_type, vocab_size
    bytes(2, [...number(3, UNIGRAM), ...number(4, pieces.length + 3)]),
    // normalizer_spec: name, add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces
    bytes(3, [...text(1, "identity"), ...number(3, 1), ...number(4, 1), ...number(5, 1)]),
  ];
  return Uint8Array.from(messages.flat());
}

function varint(value: number): number[] {
  const result: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) result.push(value % 0x80 + 0x80);
  return [...result, value];
}

function number(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function float(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return [...varint(field * 8 + 5), ...new Uint8Array(view.buffer)];
}

function bytes(field: number, content: ArrayLike<number>): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...Array.from(content)];
}

function text(field: number, content: string): number[] {
  return bytes(field, new TextEncoder().encode(content));
}
