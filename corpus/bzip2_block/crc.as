import { CRC_TABLES as TABLES } from "./memory";

// By place in eight bytes and byte: what it adds to the checksum. Byte order is turned round, so that low bytes come first.

for (let i: u32 = 0; i < 256; i++) {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (<i32>crc < 0 ? 0x04c11db7 : 0);
  store<u32>(TABLES + (i << 2), bswap<u32>(crc));
}
for (let i = 1024; i < 8 * 1024; i += 4) {
  const before = load<u32>(TABLES + i - 1024);
  store<u32>(TABLES + i, (before >>> 8) ^ load<u32>(TABLES + ((before & 255) << 2)));
}

/** The checksum of `length` bytes: CRC-32, most significant bit first. */
export function crc32(from: usize, length: i32): u32 {
  let crc: u32 = 0xffffffff;
  const end = from + length;
  for (; from + 8 <= end; from += 8) {
    const low = load<u32>(from) ^ crc;
    const high = load<u32>(from, 4);
    crc = load<u32>((low & 255) << 2, TABLES + 7 * 1024) ^
      load<u32>((low >>> 6) & 0x3fc, TABLES + 6 * 1024) ^
      load<u32>((low >>> 14) & 0x3fc, TABLES + 5 * 1024) ^
      load<u32>((low >>> 24) << 2, TABLES + 4 * 1024) ^
      load<u32>((high & 255) << 2, TABLES + 3 * 1024) ^
      load<u32>((high >>> 6) & 0x3fc, TABLES + 2 * 1024) ^
      load<u32>((high >>> 14) & 0x3fc, TABLES + 1024) ^
      load<u32>((high >>> 24) << 2, TABLES);
  }
  for (; from < end; from++) crc = (crc >>> 8) ^ load<u32>(((crc & 255) ^ load<u8>(from)) << 2, TABLES);
  return ~bswap<u32>(crc);
}
