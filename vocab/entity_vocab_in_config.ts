import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";

/** Where transformers 5 keeps the entity vocabulary of a `LukeTokenizer` that it saves, under `entity_vocab`. */
export const CONFIG_WITH_VOCAB = "tokenizer_config.json";

const KEY = '"entity_vocab"';

/**
 * Where the entity vocabulary in a `tokenizer_config.json` begins, in bytes; undefined where it holds none, and for other files. The
 * file is not parsed: with a vocabulary of millions it is longer than the longest string.
 */
export function entityVocabOffset(file: string): number | undefined {
  if (basename(file) !== CONFIG_WITH_VOCAB || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    return undefined;
  }
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, at + 1)) {
    // The colon and the brace tell the key from a title of that name; a backslash, from the end of a longer one.
    const [opening] = /^\s*:\s*\{/.exec(bytes.toString("latin1", at + KEY.length, at + KEY.length + 64)) ??
      [];
    if (opening !== undefined && bytes[at - 1] !== 0x5c) return at + KEY.length + opening.length - 1;
  }
  return undefined;
}
