import { deepEqual } from "node:assert/strict";
import { BYTE_LEVEL_SPACE, byteLevelBytes } from "./byte_level.ts";

Deno.test("byteLevelBytes() reads GPT-2's characters for bytes, and UTF-8 for characters beyond them", () => {
  deepEqual([...byteLevelBytes(`${BYTE_LEVEL_SPACE}aâĢĶĊ\u0143¡`)], [
    0x20,
    0x61,
    0xe2,
    0x80,
    0x94,
    0x0a,
    0xad,
    0xa1,
  ]);
  deepEqual([...byteLevelBytes("日")], [0xe6, 0x97, 0xa5]);
});
