import { BLOCK_MARK, findMarks } from "./bzip2_marks.ts";

/** A stretch of compressed data from one mark to the next. */
export interface Bzip2Piece {
  /** What it begins with; `start` is what comes before the first mark. */
  readonly kind: "start" | "block" | "footer";
  /** Its bits, those of its first and last byte that belong to neighbours too. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The byte of the source that `bytes` begin with. */
  readonly offset: number;
  /** Where it begins, in bits from the beginning of `bytes`. */
  readonly from: number;
  /** Where it ends, in bits from the beginning of `bytes`. */
  readonly to: number;
  /** Whether the source ends here: no mark follows. */
  readonly isLast: boolean;
}

/** Longer stretches without a mark are given out unfinished, so that no file is held in memory for the lack of marks. */
const MAX_PIECE_BYTES = 1 << 22;

/**
 * Cuts compressed data at the marks of blocks and footers, at any bit. The pieces, end to end, are the data.
 *
 * Compressed bits may look like a mark by chance, so that one block may be two pieces. A stretch of {@linkcode MAX_PIECE_BYTES}
 * without any mark ends the cutting, with a piece that says it is not the last but is longer than any block.
 */
export async function* bzip2Pieces(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Bzip2Piece, void, void> {
  let buffer = new Uint8Array(0);
  /** The byte of the source that the buffer begins with; a multiple of 4 keeps the search aligned. */
  let base = 0;
  let searched = 0;
  /** Where the present piece begins, in bits from the beginning of the buffer. */
  let from = 0;
  let kind: Bzip2Piece["kind"] = "start";

  const cut = (to: number, isLast: boolean): Bzip2Piece => {
    const first = Math.floor(from / 8);
    const bytes = buffer.slice(first, Math.ceil(to / 8));
    return { kind, bytes, offset: base + first, from: from - first * 8, to: to - first * 8, isLast };
  };
  const search = (isLast: boolean): Bzip2Piece[] => {
    const pieces: Bzip2Piece[] = [];
    searched = findMarks(buffer, searched, isLast, ({ bit, mark }) => {
      if (bit < from) return;
      pieces.push(cut(bit, false));
      from = bit;
      kind = mark === BLOCK_MARK ? "block" : "footer";
    });
    return pieces;
  };

  for await (const chunk of source) {
    const used = Math.floor(from / 32) * 4;
    const joined = new Uint8Array(buffer.length - used + chunk.length);
    joined.set(buffer.subarray(used));
    joined.set(chunk, buffer.length - used);
    buffer = joined;
    base += used;
    from -= used * 8;
    searched = Math.max(0, searched - used);
    yield* search(false);
    if (buffer.length - Math.floor(from / 8) > MAX_PIECE_BYTES) {
      yield cut(buffer.length * 8, false);
      return;
    }
  }
  yield* search(true);
  yield cut(buffer.length * 8, true);
}

/** `piece` and `next`, which follows it, as one piece of the kind of the first. */
export function joinPieces(piece: Bzip2Piece, next: Bzip2Piece): Bzip2Piece {
  const shared = next.offset - piece.offset;
  const bytes = new Uint8Array(shared + next.bytes.length);
  bytes.set(piece.bytes);
  bytes.set(next.bytes, shared);
  return { ...piece, bytes, to: shared * 8 + next.to, isLast: next.isLast };
}
