import { htmlEntityTable } from "./html_entity_table.ts";

/** MediaWiki's own names of U+200F, in Hebrew and Arabic letters. */
const aliases: [string, string][] = [["רלמ", "\u200f"], ["رلم", "\u200f"]];

const named = new Map<string, string>([
  ...htmlEntityTable.trim().split(/\s+/).map((pair): [string, string] => {
    const [name = "", hex = ""] = pair.split(":");
    return [name, String.fromCodePoint(...hex.split("+").map((code) => parseInt(code, 16)))];
  }),
  ...aliases,
]);

/** The character for `code`; U+FFFD where Unicode has none or it cannot stand in well-formed text. */
export function fromCode(code: number): string {
  const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return valid ? String.fromCodePoint(code) : "\ufffd";
}

const reference = /&(?:#(\d{1,8})|#[xX]([\da-fA-F]{1,7})|([A-Za-z][A-Za-z\d]{1,30}|רלמ|رلم));/g;
const referenceHere = new RegExp(reference, "y");

/**
 * Replaces the character references of HTML in `text` (`&nbsp;`, `&#233;`, `&#xE9;`) by their characters. Unknown names and
 * references without semicolon stay as they are, as in MediaWiki.
 */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    reference,
    (whole: string, decimal?: string, hex?: string, name?: string): string =>
      characterOf(decimal, hex, name) ?? whole,
  );
}

/** The character for which the reference at `at` stands, and where that ends; undefined where none is. */
export function referenceAt(text: string, at: number): { character: string; end: number } | undefined {
  referenceHere.lastIndex = at;
  const match = referenceHere.exec(text);
  const character = match === null ? undefined : characterOf(match[1], match[2], match[3]);
  return character === undefined ? undefined : { character, end: referenceHere.lastIndex };
}

function characterOf(decimal?: string, hex?: string, name?: string): string | undefined {
  if (decimal !== undefined) return fromCode(parseInt(decimal, 10));
  if (hex !== undefined) return fromCode(parseInt(hex, 16));
  return named.get(name ?? "");
}
