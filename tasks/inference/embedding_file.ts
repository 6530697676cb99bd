import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { cannotWrite, commitRename } from "@lukeforge/corpus";
import type { TextEmbedding } from "./embed.ts";

/** Where embeddings go, one by one. */
export interface EmbeddingWriter extends Disposable {
  /** Adds the embedding of the next text. */
  write(embedding: TextEmbedding): void;
  /** Makes the file appear under its name. Without this it never does. */
  finish(): void;
}

/** Numbers with as many digits as f32 has, so that reading them gives the same bits. */
export function shortNumbers(values: Float32Array): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(9)));
}

/**
 * What `embed` prints of a text: `{"embedding": […]}`, with pooling `none` a list a token and the `tokens`, with mentions a list for
 * each in `entities`.
 */
export function embeddingRecord(
  { embedding, tokens, entities }: TextEmbedding,
  hidden: number,
  tokenOf: ((id: number) => string) | undefined,
): Record<string, unknown> {
  const rows = (): number[][] =>
    Array.from(tokens, (_, i) => shortNumbers(embedding.subarray(i * hidden, (i + 1) * hidden)));
  return {
    ...(tokenOf && { tokens: Array.from(tokens, tokenOf) }),
    embedding: tokenOf ? rows() : shortNumbers(embedding),
    ...(entities.length > 0 && { entities: entities.map(shortNumbers) }),
  };
}

/** A file of JSON, a line a text. @throws {UserError} when it cannot be written. */
export function jsonLinesFile(
  path: string,
  record: (embedding: TextEmbedding) => Record<string, unknown>,
): EmbeddingWriter {
  const file = new PartialFile(path);
  return {
    write: (embedding) => file.write(new TextEncoder().encode(`${JSON.stringify(record(embedding))}\n`)),
    finish: () => file.finish(),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** Bytes of an `.npy` header here: room for any number of rows. */
const NPY_HEADER = 128;

/**
 * NumPy's format (version 1.0): a matrix f32 [texts, hidden], row-major. The number of rows is written when it is known.
 *
 * @throws {UserError} when it cannot be written.
 */
export function npyFile(path: string, hidden: number): EmbeddingWriter {
  const file = new PartialFile(path);
  let rows = 0;
  file.write(npyHeader(rows, hidden));
  return {
    write({ embedding }) {
      const bytes = new DataView(new ArrayBuffer(embedding.byteLength));
      embedding.forEach((value, i) => bytes.setFloat32(4 * i, value, true));
      file.write(new Uint8Array(bytes.buffer));
      rows++;
    },
    finish() {
      file.write(npyHeader(rows, hidden), 0);
      file.finish();
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function npyHeader(rows: number, columns: number): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const header = new Uint8Array(NPY_HEADER).fill(0x20);
  header.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, NPY_HEADER - 10, 0]);
  header.set(new TextEncoder().encode(dictionary), 10);
  header[NPY_HEADER - 1] = 0x0a;
  return header;
}

/** A file that is written as `path.partial`; nothing is left of it unless it is finished. */
class PartialFile implements Disposable {
  readonly #path: string;
  #handle: number | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#handle = this.#trying(() => openSync(`${path}.partial`, "w"));
  }

  /** Appends bytes, or replaces those at an offset. */
  write(bytes: Uint8Array, at: number | null = null): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    let rest = bytes, position = at;
    while (rest.length > 0) {
      const written = this.#trying(() => writeSync(handle, rest, 0, rest.length, position));
      rest = rest.subarray(written);
      if (position !== null) position += written;
    }
  }

  finish(): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#trying(() => fsyncSync(handle));
    closeSync(handle);
    this.#handle = undefined;
    this.#trying(() => commitRename(`${this.#path}.partial`, this.#path));
  }

  [Symbol.dispose](): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
    rmSync(`${this.#path}.partial`, { force: true });
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}
