import { statSync } from "node:fs";

const PIECE = 1 << 18;

/** A part of a file as a blob that is read when it is asked for, never whole: what the web's `fetch` sends with its length. */
export class FileBlob extends Blob {
  readonly #path: string;
  readonly #begin: number;
  readonly #end: number;
  readonly #progress: ((bytes: number) => void) | undefined;

  private constructor(path: string, begin: number, end: number, progress?: (bytes: number) => void) {
    super();
    this.#path = path;
    this.#begin = begin;
    this.#end = end;
    this.#progress = progress;
  }

  /** The file at `path` as long as it is now. */
  static open(path: string): FileBlob {
    return new FileBlob(path, 0, statSync(path).size);
  }

  /** The same bytes; whenever they are read as a stream, `progress` takes how many have been, as others before it do. */
  counted(progress: (bytes: number) => void): FileBlob {
    const before = this.#progress;
    return new FileBlob(this.#path, this.#begin, this.#end, (bytes) => {
      before?.(bytes);
      progress(bytes);
    });
  }

  /** What tells this part of a file from others. */
  get place(): string {
    return `${this.#path}:${this.#begin}`;
  }

  /** Bytes. */
  override get size(): number {
    return this.#end - this.#begin;
  }

  /** The bytes from `begin` to `end`, neither of them negative. */
  override slice(begin = 0, end: number = this.size): FileBlob {
    const first = Math.min(this.#begin + begin, this.#end);
    return new FileBlob(this.#path, first, Math.max(first, Math.min(this.#begin + end, this.#end)));
  }

  /** The bytes, a quarter of a megabyte at a time. The stream fails when the file has become shorter. */
  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = this.#begin;
    let file: Deno.FsFile | undefined;
    return new ReadableStream({
      pull: async (controller) => {
        if (at === this.#end) {
          file?.close();
          return controller.close();
        }
        if (file === undefined) {
          file = await Deno.open(this.#path);
          await file.seek(at, Deno.SeekMode.Start);
        }
        const bytes = new Uint8Array(Math.min(PIECE, this.#end - at));
        const read = await file.read(bytes);
        if (read === null) {
          file.close();
          throw new Error(`${this.#path}: became shorter while it was read`);
        }
        at += read;
        this.#progress?.(at - this.#begin);
        controller.enqueue(bytes.subarray(0, read));
      },
      cancel: () => file?.close(),
    }, { highWaterMark: 0 });
  }

  /** The bytes at once. */
  override arrayBuffer(): Promise<ArrayBuffer> {
    return new Response(this.stream()).arrayBuffer();
  }

  /** The bytes at once. */
  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  /** The text in UTF-8. */
  override text(): Promise<string> {
    return new Response(this.stream()).text();
  }
}
