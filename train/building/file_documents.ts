import { realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { UserError } from "@lukeforge/corpus";
import { lineBlocks } from "@lukeforge/vocab";
import type { DocumentSource, SourceDocument } from "./document_source.ts";
import { jsonLineDocument } from "./json_line_document.ts";
import type { ItemParagraph } from "./page_items.ts";

/** Options of {@linkcode FileDocuments}. */
export interface FileDocumentsOptions {
  /** Whether mentions of JSON lines are read. */
  readonly hasMentions: boolean;
  /** Language of the titles that mentions name. Default: none is known. */
  readonly language?: string;
  /** Leaves out lines that cannot be used, and counts them. */
  readonly skipInvalid?: boolean;
  /** Uses this many documents, the first ones. Default: all. */
  readonly maxNumDocuments?: number;
  /** Whether a document is used, by its `id`, else its `title`, else its text: keeps held-out ones out. */
  readonly filter?: ((key: string) => boolean) | undefined;
  /** What the filter does, for the record. */
  readonly filterDescription?: string;
}

/** A line of JSON that is longer is refused. */
const LONGEST_JSON = 1 << 26;
/** A line of plain text that is longer is cut at a space. */
const LONGEST_LINE = 1 << 20;
/** A document of plain text ends at the latest after so many characters: memory stays bounded where there are no blank lines. */
const LONGEST_DOCUMENT = 1 << 20;

/**
 * The documents of files, in order; each file may be gzipped:
 *
 * - JSON lines (`.jsonl`, `.ndjson`): a document a line, see {@linkcode jsonLineDocument};
 * - any other file: plain text, a paragraph a line; blank lines end a document.
 *
 * Files are streamed: one block of lines is held. Documents may be read several times.
 */
export class FileDocuments implements DocumentSource {
  readonly documentName = "documents";
  readonly hasMentions: boolean;
  readonly language: string | null;
  readonly total: number;
  /** Lines left out by `skipInvalid` in the reading so far. */
  skippedLines = 0;
  /** Why the first of them was. */
  firstSkipped: string | undefined;
  readonly #paths: readonly string[];
  readonly #sizes: readonly number[];
  readonly #options: FileDocumentsOptions;
  #done = 0;

  /**
   * Reads from `paths` later.
   *
   * @throws {UserError} when one of them is no file or given twice, or is plain text where mentions are expected.
   */
  constructor(paths: readonly string[], options: FileDocumentsOptions) {
    this.#paths = paths;
    this.#options = options;
    this.hasMentions = options.hasMentions;
    this.language = options.language ?? null;
    const seen = new Set<string>();
    this.#sizes = paths.map((path) => {
      const file = statSync(path, { throwIfNoEntry: false });
      if (file === undefined) throw new UserError(`${path}: no such file; check the path`);
      if (!file.isFile()) {
        const remedy = file.isDirectory()
          ? `name the files in it, as in ${path}/*.jsonl`
          : "write what comes from it to a file";
        throw new UserError(`${path}: is no file; ${remedy}`);
      }
      const real = realpathSync(path);
      if (seen.has(real)) {
        throw new UserError(`${path}: is given twice, its documents would count double; name it once`);
      }
      seen.add(real);
      if (options.hasMentions && !isJsonLines(path)) {
        throw new UserError(
          `${path}: is not called .jsonl or .ndjson (with or without .gz), as JSON lines are; rename it, or use build-dataset-from-text`,
        );
      }
      return file.size;
    });
    this.total = this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Bytes read, of compressed files compressed ones. */
  get done(): number {
    return this.#done;
  }

  /** The documents; titles other than wanted ones are left out. */
  async *documents(
    isWanted: (title: string) => boolean = () => true,
  ): AsyncGenerator<SourceDocument, void, void> {
    const { filter, maxNumDocuments = Infinity } = this.#options;
    this.#done = 0;
    this.skippedLines = 0;
    this.firstSkipped = undefined;
    let left = maxNumDocuments;
    let before = 0;
    for (const [i, path] of this.#paths.entries()) {
      for await (
        const { key, ...document } of isJsonLines(path)
          ? this.#jsonLines(path, before)
          : this.#text(path, before)
      ) {
        if (filter?.(key) === false) continue;
        if (document.title !== undefined && !isWanted(document.title)) continue;
        if (left-- <= 0) return;
        yield document;
      }
      before += this.#sizes[i] ?? 0;
      this.#done = before;
    }
  }

  /** Titles are taken as they are. */
  resolveRedirect(title: string): string {
    return title;
  }

  /** The files, and what was left out. */
  provenance(): Record<string, unknown> {
    const { filter, filterDescription, maxNumDocuments } = this.#options;
    return {
      files: this.#paths.map((path, i) => ({ name: basename(path), bytes: this.#sizes[i] })),
      skipped_lines: this.skippedLines,
      max_num_documents: maxNumDocuments ?? null,
      page_filter: filterDescription ?? (filter === undefined ? null : "custom"),
    };
  }

  async *#jsonLines(path: string, before: number): AsyncGenerator<KeyedDocument, void, void> {
    const { hasMentions, skipInvalid = false } = this.#options;
    const refused = (error: UserError): void => {
      this.skippedLines++;
      this.firstSkipped ??= error.message;
    };
    const options = { mostBytes: LONGEST_JSON, ...(skipInvalid && { refused }) };
    for await (const { lines, first, read } of lineBlocks(path, options)) {
      for (const [i, line] of lines.entries()) {
        if (line.trim() === "") continue;
        let document: KeyedDocument;
        try {
          document = jsonLineDocument(line, `${path}, line ${first + i}`, hasMentions);
        } catch (error) {
          if (!skipInvalid || !(error instanceof UserError)) throw error;
          refused(error);
          continue;
        }
        yield document;
      }
      this.#done = before + read;
    }
  }

  async *#text(path: string, before: number): AsyncGenerator<KeyedDocument, void, void> {
    let paragraphs: ItemParagraph[] = [];
    let length = 0;
    const document = (): KeyedDocument => {
      const whole = { key: paragraphs[0]?.text ?? "", paragraphs };
      paragraphs = [];
      length = 0;
      return whole;
    };
    for await (const { lines, read } of lineBlocks(path, { longestLine: LONGEST_LINE })) {
      for (const line of lines) {
        const text = line.trim();
        if (text !== "") {
          paragraphs.push({ text, links: [], abstract: true });
          length += text.length;
        }
        if (paragraphs.length > 0 && (text === "" || length >= LONGEST_DOCUMENT)) yield document();
      }
      this.#done = before + read;
    }
    if (paragraphs.length > 0) yield document();
  }
}

type KeyedDocument = SourceDocument & { readonly key: string };

function isJsonLines(path: string): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path);
}
