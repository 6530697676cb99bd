import { createReadStream, createWriteStream, readFileSync, rmSync, statSync } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { commitRename, syncFile, UserError } from "@lukeforge/corpus";

/** How an archive is compressed: not at all, or by gzip. */
export const ARCHIVE_COMPRESSIONS = ["", "gz"] as const;

/** One of {@linkcode ARCHIVE_COMPRESSIONS}. */
export type ArchiveCompression = typeof ARCHIVE_COMPRESSIONS[number];

/** The files of a model of LUKE's own repository. */
export interface ArchivedModel {
  /** The weights, `pytorch_model.bin` in the archive. */
  readonly weights: string;
  /** `entity_vocab.jsonl` or `.tsv`, under its own name in the archive. */
  readonly entityVocab: string;
  /** `metadata.json`, without its `arguments` in the archive. */
  readonly metadata: string;
}

/**
 * Writes a model archive of LUKE's own repository: a tar of weights, entity vocabulary and metadata. Files are read while they are
 * written; the archive appears when it is complete and flushed.
 *
 * @throws {UserError} when the metadata are no JSON object.
 */
export async function writeModelArchive(
  path: string,
  model: ArchivedModel,
  compression: ArchiveCompression,
): Promise<void> {
  const members: TarMember[] = [
    { name: "pytorch_model.bin", path: model.weights },
    { name: basename(model.entityVocab), path: model.entityVocab },
    { name: "metadata.json", text: withoutArguments(model.metadata) },
  ];
  const partial = `${path}.partial`;
  const output = createWriteStream(partial);
  try {
    if (compression === "gz") await pipeline(tarBlocks(members), createGzip(), output);
    else await pipeline(tarBlocks(members), output);
    syncFile(partial);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  commitRename(partial, path);
}

type TarMember = { readonly name: string } & ({ readonly path: string } | { readonly text: string });

function withoutArguments(path: string): string {
  let metadata: unknown;
  try {
    metadata = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path}: is not JSON (${(error as Error).message}); restore the file`);
  }
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) {
    throw new UserError(`${path}: is not a JSON object; restore the file`);
  }
  const { arguments: _, ...kept } = metadata as Record<string, unknown>;
  return JSON.stringify(kept, null, 2) + "\n";
}

const BLOCK = 512;

async function* tarBlocks(members: readonly TarMember[]): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    const content = "text" in member ? new TextEncoder().encode(member.text) : undefined;
    const size = content?.length ?? ("path" in member ? statSync(member.path).size : 0);
    yield tarHeader(member.name, size);
    if (content !== undefined) yield content;
    else if ("path" in member && size > 0) yield* createReadStream(member.path, { end: size - 1 });
    yield new Uint8Array((BLOCK - size % BLOCK) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

/** A header of POSIX ustar; sizes from 8 GiB on are in base 256, as GNU tar and Python write them. */
function tarHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (text: string, at: number): void => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(name, 0);
  put(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  if (size < 8 ** 11) {
    put(`${octal(size, 11)}\0`, 124);
  } else {
    new DataView(header.buffer).setBigUint64(128, BigInt(size));
    header[124] = 0x80;
  }
  put(`${octal(0, 11)}\0${" ".repeat(8)}0`, 136); // the time of change is 0: the same model gives the same bytes
  put("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}
