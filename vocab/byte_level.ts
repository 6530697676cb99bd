/**
 * The characters that byte-level BPE writes for bytes: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and
 * on, in order (GPT-2's table). `Ġ` (U+0120) is the space.
 */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number): boolean => byte > 0x20 && byte < 0x7f || byte > 0xa0 && byte !== 0xad;
  const table = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    table.set(String.fromCharCode(isPrintable(byte) ? byte : next++), byte);
  }
  return table;
})();

/** The 256 characters, by the bytes they stand for. */
export const BYTE_LEVEL_CHARACTERS: readonly string[] = [...byteOfCharacter.keys()];

/** A text as byte-level BPE spells it: a character for each byte of its UTF-8. */
export function byteLevelSpelling(text: string): string {
  let spelling = "";
  for (const byte of new TextEncoder().encode(text)) spelling += BYTE_LEVEL_CHARACTERS[byte] ?? "";
  return spelling;
}

/** The space in the spelling of byte-level BPE tokens. */
export const BYTE_LEVEL_SPACE = "Ġ";

/** Whether every character of a token stands for a byte; where one does not, the token is plain text. */
export function isByteLevelSpelling(token: string): boolean {
  for (const character of token) if (!byteOfCharacter.has(character)) return false;
  return true;
}

/** The UTF-8 bytes that byte-level tokens spell; a character outside the table (in a special token) keeps its own bytes. */
export function byteLevelBytes(spelling: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of spelling) {
    const byte = byteOfCharacter.get(character);
    if (byte === undefined) bytes.push(...new TextEncoder().encode(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
