/** Polynomial of Castagnoli, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** Bytes that are taken at once. */
const SLICE = 8;

/** Entry 256 k + b: the remainder of byte b when k further bytes follow it. */
const remainders = makeRemainders();

function makeRemainders(): Int32Array {
  const table = new Int32Array(256 * SLICE);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    table[byte] = remainder;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] ?? 0;
    table[i] = (before >>> 8) ^ (table[before & 255] ?? 0);
  }
  return table;
}

/** CRC-32C (Castagnoli) of bytes, as TFRecord files, iSCSI and ext4 have it; eight bytes at a time. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1, i = 0;
  for (const end = bytes.length - SLICE; i <= end; i += SLICE) {
    const a = crc ^ view.getInt32(i, true), b = view.getInt32(i + 4, true);
    crc = (remainders[1792 + (a & 255)] ?? 0) ^ (remainders[1536 + (a >>> 8 & 255)] ?? 0) ^
      (remainders[1280 + (a >>> 16 & 255)] ?? 0) ^ (remainders[1024 + (a >>> 24)] ?? 0) ^
      (remainders[768 + (b & 255)] ?? 0) ^ (remainders[512 + (b >>> 8 & 255)] ?? 0) ^
      (remainders[256 + (b >>> 16 & 255)] ?? 0) ^ (remainders[b >>> 24] ?? 0);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ (remainders[(crc ^ (bytes[i] ?? 0)) & 255] ?? 0);
  return ~crc >>> 0;
}

/** The form in which TFRecord files store a CRC-32C: rotated by 15 bits, a constant added. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return ((crc >>> 15 | crc << 17) + 0xa282ead8) >>> 0;
}
