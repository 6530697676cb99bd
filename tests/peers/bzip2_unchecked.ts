/** Our decoder of bzip2 blocks without its check of the block's checksum: to know what blocks mean whose checksum is to be set. */
import type { Bzip2Block } from "../../corpus/bzip2_block.ts";
import { compileBlockDecoder, readSource } from "../../corpus/bzip2_block/compile.ts";

const CHECK = /return expanded < 0 .*;/;

/** What the decoder exports. */
interface Decoder {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global;
  readonly output: WebAssembly.Global;
  decode(length: number, from: number, to: number): number;
}

const binary = await compileBlockDecoder((name) => {
  const source = readSource(name);
  if (name !== "block" || source === undefined) return source;
  if (!CHECK.test(source)) throw new Error("block.as does not check as it did");
  return source.replace(CHECK, "return expanded;");
});
const { instance } = await WebAssembly.instantiate(binary);
const { memory, input, output, decode } = instance.exports as unknown as Decoder;

/** What a block decodes to, whatever its checksum; undefined when it is damaged otherwise. */
export function decodeUnchecked({ bytes, from, to }: Bzip2Block): Uint8Array<ArrayBuffer> | undefined {
  new Uint8Array(memory.buffer).set(bytes, input.value);
  const length = decode(bytes.length, from, to);
  return length < 0 ? undefined : new Uint8Array(memory.buffer, output.value, length).slice();
}

/** The checksum that bzip2 gives to `bytes`: CRC-32, the most significant bit first. */
export function bzip2Crc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return ~crc >>> 0;
}
