import { VIEW_ALIGNMENT } from "../../device.ts";

/** Consecutive rows of a table of words or entities. */
export interface VocabularyChunk {
  /** The first row, a multiple of 64. */
  readonly first: number;
  /** Number of rows. */
  readonly count: number;
}

/** What a chunk of a vocabulary must not pass. */
export interface ChunkLimits {
  /** Bytes of the logits of all rows against one chunk. */
  readonly logitBytes: number;
  /** Bytes of one chunk of the table, and of its logits: what the device binds. */
  readonly bindingBytes: number;
}

/** The bytes of one chunk's logits unless told: the logits of a LUKE-base head at a usual batch are a few chunks. */
export const DEFAULT_LOGIT_BYTES = 64 * 2 ** 20;

/**
 * Cuts a table [vocabulary, width] f32 into as few chunks as the limits allow, all of the same size but the last, so that few
 * different shaders are made. It depends on shapes and limits only, never on the speed of a device: the chunks are part of a
 * result's bits. A chunk has at least 64 rows, whatever the limits.
 */
export function vocabularyChunks(
  vocabulary: number,
  width: number,
  rows: number,
  limits: ChunkLimits,
): VocabularyChunk[] {
  const { logitBytes, bindingBytes } = limits;
  const fits = Math.min(
    Math.min(logitBytes, bindingBytes) / (4 * Math.max(rows, 1)),
    bindingBytes / (4 * width),
  );
  const most = Math.max(Math.floor(fits / VIEW_ALIGNMENT), 1) * VIEW_ALIGNMENT;
  const chunks = Math.ceil(vocabulary / most);
  const count = Math.ceil(vocabulary / chunks / VIEW_ALIGNMENT) * VIEW_ALIGNMENT;
  return Array.from({ length: Math.ceil(vocabulary / count) }, (_, i) => ({
    first: i * count,
    count: Math.min(count, vocabulary - i * count),
  }));
}
