import { statSync } from "node:fs";
import { decompress, readInput, TruncatedInputError, UserError } from "@lukeforge/corpus";
import { parseWikidataEntity, type WikidataItem } from "./wikidata_sitelinks.ts";

/** The longest items have a few megabytes. */
const MAX_LINE = 1 << 28;

/**
 * The items of a Wikidata JSON dump, `.json`, `.json.gz` or `.json.bz2`: an entity a line between `[` and `]`, commas at the ends.
 * Lines of entities without brackets are read, too. Entities of other kinds (properties) are passed over. Memory: a few
 * megabytes and the longest line.
 *
 * @param progress bytes of the file read and in all.
 * @throws {UserError} naming the line that is no entity, or where the file is cut off.
 */
export async function* readWikidataItems(
  path: string,
  progress?: (done: number, total: number) => void,
): AsyncGenerator<WikidataItem, void, void> {
  let isArray = false;
  let isClosed = false;
  let line = 0;
  const take = (bytes: Uint8Array, from: number, to: number): WikidataItem | undefined => {
    line++;
    while (from < to && isSpace(bytes[from])) from++;
    while (from < to && (isSpace(bytes[to - 1]) || bytes[to - 1] === COMMA)) to--;
    if (from === to) return undefined;
    if (to - from === 1 && bytes[from] === OPEN_ARRAY && line === 1) isArray = true;
    else if (to - from === 1 && bytes[from] === CLOSE_ARRAY && isArray) isClosed = true;
    else {
      const entity = parseWikidataEntity(bytes, from, to);
      if (entity === undefined) throw notAnEntity(path, line);
      if (entity !== "other") return entity;
    }
    return undefined;
  };
  try {
    for await (const bytes of wholeLines(await openBytes(path, progress), path, () => line + 1)) {
      for (let from = 0; from < bytes.length;) {
        const newline = bytes.indexOf(NEWLINE, from);
        const to = newline < 0 ? bytes.length : newline;
        const item = take(bytes, from, to);
        if (item !== undefined) yield item;
        from = to + 1;
      }
    }
  } catch (error) {
    if (!(error instanceof TruncatedInputError)) throw error;
    throw cutOff(path, line);
  }
  if (isArray && !isClosed) throw cutOff(path, line);
}

const [NEWLINE, COMMA, OPEN_ARRAY, CLOSE_ARRAY] = [0x0a, 0x2c, 0x5b, 0x5d];

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0d || byte === 0x09;
}

function notAnEntity(path: string, line: number): UserError {
  return new UserError(
    `${path}, line ${line}: no entity of Wikidata, one JSON object a line; take latest-all.json.bz2 or .gz, or download it again`,
  );
}

function cutOff(path: string, line: number): UserError {
  return new UserError(`${path}: cut off after line ${line}; download it again`);
}

/** Puts pieces together so that each ends with a line. */
async function* wholeLines(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  line: () => number,
): AsyncGenerator<Uint8Array, void, void> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const newline = piece.lastIndexOf(NEWLINE);
    if (newline < 0) {
      rest.push(piece.slice());
      length += piece.length;
      if (length > MAX_LINE) throw notAnEntity(path, line());
      continue;
    }
    if (length === 0) yield piece.subarray(0, newline + 1);
    else {
      const first = piece.indexOf(NEWLINE);
      yield joined(rest, length, piece.subarray(0, first + 1));
      if (newline > first) yield piece.subarray(first + 1, newline + 1);
    }
    rest = newline + 1 < piece.length ? [piece.slice(newline + 1)] : [];
    length = piece.length - newline - 1;
  }
  if (length > 0) yield joined(rest, length, new Uint8Array());
}

function joined(pieces: readonly Uint8Array[], length: number, last: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length + last.length);
  let at = 0;
  for (const piece of [...pieces, last]) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The bytes of a file, decompressed as its first ones ask for. */
async function openBytes(
  path: string,
  progress: ((done: number, total: number) => void) | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UserError(`${path}: no such file; check the path`);
  if (!stat.isFile()) throw new UserError(`${path}: not a file; give a Wikidata dump, .json.bz2 or .json.gz`);
  return await decompress(readInput(path, progress && ((done) => progress(done, stat.size))), { name: path });
}
