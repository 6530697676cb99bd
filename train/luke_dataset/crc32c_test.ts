import { equal } from "node:assert/strict";
import { crc32c, maskedCrc32c } from "./crc32c.ts";

/** Bit by bit. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

Deno.test("crc32c() has the values of RFC 3720", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  equal(crc32c(ascending), 0x46dd794e);
  equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("crc32c() takes bytes of any length from any place", () => {
  const bytes = Uint8Array.from({ length: 80 }, (_, i) => i * 37 + (i >> 3));
  for (let start = 0; start < 9; start++) {
    for (let end = start; end < 80; end++) {
      equal(crc32c(bytes.subarray(start, end)), slowly(bytes.subarray(start, end)));
    }
  }
});

Deno.test("maskedCrc32c() is what TensorFlow writes", () => {
  // The header of a record of 66 bytes in a file of TensorFlow's.
  equal(maskedCrc32c(Uint8Array.of(0x42, 1, 0, 0, 0, 0, 0, 0)), 0x00ffc37f);
});
