import { DumpDB, UserError } from "@lukeforge/corpus";
import { fileStart, lineBlocks } from "./line_blocks.ts";

/** Some texts of a source, and how far in it they reach. */
export interface TextBatch {
  /** Texts in the order of the source. */
  readonly texts: readonly string[];
  /** Bytes of the file read so far; of a page database in proportion to its pages. */
  readonly read: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** Options of {@linkcode trainingTexts}. */
export interface TrainingTextsOptions {
  /** Pages of a page database that are read, by title. Default: all. Other sources have no pages. */
  readonly pageFilter?: ((title: string) => boolean) | undefined;
}

/** A line of plain text that is longer is cut at a space, so that memory stays bounded. */
const LONGEST_LINE = 1 << 22;
const PAGES_A_BATCH = 100;

/**
 * The texts of a corpus file, read in pieces:
 *
 * - a page database (recognised by its content): its paragraphs;
 * - JSON lines (`.jsonl`, `.ndjson`): each line's `text`, or the `text` of each of its `paragraphs`, as `extract-text` writes
 *   them; its first line, about the whole corpus, is left out;
 * - any other file: its lines with their ends, as Hugging Face tokenizers reads the files it trains on. Lines beyond 4 MiB are
 *   cut at a space.
 *
 * The latter two may be gzipped.
 *
 * @throws {UserError} when the file cannot be read, is not UTF-8 (with line and byte), or a JSON line holds no text.
 */
export async function* trainingTexts(
  path: string,
  options: TrainingTextsOptions = {},
): AsyncGenerator<TextBatch, void, void> {
  const { size, start } = fileStart(path, 16);
  if (new TextDecoder("latin1").decode(start) === "SQLite format 3\0") {
    yield* pageTexts(path, size, options.pageFilter);
    return;
  }
  if (options.pageFilter !== undefined) {
    throw new UserError(`${path}: is no page database, so it has no pages to hold out; use all of it`);
  }
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(path)) {
    for await (const { lines, first, read } of lineBlocks(path, { skippedHeader: '{"language":' })) {
      yield { texts: lines.flatMap((line, i) => jsonTexts(line, path, first + i)), read, size };
    }
  } else {
    for await (const { lines, read } of lineBlocks(path, { longestLine: LONGEST_LINE })) {
      yield { texts: lines, read, size };
    }
  }
}

function* pageTexts(
  path: string,
  size: number,
  filter: ((title: string) => boolean) | undefined,
): Generator<TextBatch> {
  using db = DumpDB.open(path);
  let texts: string[] = [];
  let pages = 0;
  const batch = (): TextBatch => ({ texts, read: size * pages / Math.max(1, db.pageCount), size });
  for (const { title, paragraphs } of db.pages()) {
    if (filter?.(title) !== false) { for (const { text } of paragraphs) texts.push(text); }
    if (++pages % PAGES_A_BATCH === 0) {
      yield batch();
      texts = [];
    }
  }
  yield batch();
}

function jsonTexts(line: string, path: string, number: number): string[] {
  if (line.trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(
      `${path}, line ${number}: is not JSON (${(error as Error).message}); correct the line`,
    );
  }
  const texts = textOf(value) ??
    (isObject(value) && Array.isArray(value.paragraphs) ? value.paragraphs.map(textOf) : undefined);
  if (typeof texts === "string") return [texts];
  const isText = (text: unknown): text is string => typeof text === "string";
  if (texts !== undefined && texts.every(isText)) return texts;
  throw new UserError(
    `${path}, line ${number}: has no "text"; write each text as {"text": "…"}`,
  );
}

function textOf(value: unknown): string | undefined {
  return isObject(value) && typeof value.text === "string" ? value.text : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
