import { Buffer } from "node:buffer";
import { UserError } from "@lukeforge/corpus";
import { maskedCrc32c } from "./crc32c.ts";

/*
 * A TFRecord file is a sequence of records: length (u64), masked CRC-32C of these 8 bytes (u32), the bytes, their masked CRC-32C
 * (u32); all little-endian.
 */
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/** Longer records are refused: an item has some kilobytes, and a record is held as a whole. */
const LONGEST_RECORD = 2 ** 24;

/** A record of a TFRecord file. */
export interface TfRecord {
  /** Its number, from 0. */
  readonly number: number;
  /** Where it begins in the unpacked file. */
  readonly offset: number;
  /** What it holds; valid until the next records are read. */
  readonly bytes: Uint8Array;
}

/**
 * The records of a TFRecord file, those of a piece of the file at a time.
 *
 * @param chunks the unpacked file in pieces of any length.
 * @param name what messages call the file.
 * @throws {UserError} naming record and byte when the file is cut off or a checksum does not agree.
 */
export async function* readTfRecords(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<TfRecord[], void, void> {
  let rest: Uint8Array = new Uint8Array(0);
  let number = 0, offset = 0;
  const damaged = (what: string): UserError =>
    new UserError(
      `${name}, record ${number} (byte ${offset} of the unpacked file): ${what}; copy the file again from where it came from`,
    );
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const records: TfRecord[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      if (maskedCrc32c(bytes.subarray(at, at + 8)) !== view.getUint32(at + 8, true)) {
        throw damaged("damaged, the checksum of its length does not agree");
      }
      const length = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
      if (length > LONGEST_RECORD) throw damaged(`${length} bytes long, which no item of LUKE is`);
      const end = at + HEADER_BYTES + length;
      if (end + FOOTER_BYTES > bytes.length) break;
      const data = bytes.subarray(at + HEADER_BYTES, end);
      if (maskedCrc32c(data) !== view.getUint32(end, true)) {
        throw damaged("damaged, its checksum does not agree");
      }
      records.push({ number, offset, bytes: data });
      number++;
      offset += end + FOOTER_BYTES - at;
      at = end + FOOTER_BYTES;
    }
    if (records.length > 0) yield records;
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) throw damaged(`cut off after ${rest.length} of its bytes`);
}
