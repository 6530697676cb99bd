import { addToken, type AlignedTokens, noTokens } from "./aligned_tokens.ts";
import { isIdeograph } from "./bert_words.ts";
import { isWordPieceSubword } from "./subword.ts";
import type { TokenFamily } from "./token_family.ts";
import type { TokenizerJson } from "./tokenizer_json.ts";

const IS_REMOVED = /^(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/u;
const IS_SPACE = /^\p{White_Space}/u;
const IS_WORD_OF_ITS_OWN = /^[!-\/:-@[-`{-~\p{P}]/u;

/**
 * WordPiece: BERT. The normalizer says what becomes of case and accents, the decoder whether spaces before punctuation go.
 *
 * @param encode text without added tokens to ids.
 * @param tokenOf spelling of an id.
 */
export function wordPieceFamily(
  { normalizer, decoder }: Pick<TokenizerJson, "normalizer" | "decoder">,
  encode: (text: string) => number[],
  tokenOf: (id: number) => string,
): TokenFamily {
  const rules: NormalizerRules = {
    clean: normalizer?.clean_text !== false,
    ideographs: normalizer?.handle_chinese_chars !== false,
    lowercase: normalizer?.lowercase === true,
    stripAccents: typeof normalizer?.strip_accents === "boolean"
      ? normalizer.strip_accents
      : normalizer?.lowercase === true,
  };
  return {
    modelType: "bert",
    encodeSegment: encode,
    align: (text) => {
      const tokens = noTokens();
      for (const word of words(text, rules)) alignWord(word, encode, tokenOf, tokens);
      return tokens;
    },
    isSubword: isWordPieceSubword,
    decode: (tokens) => decode(tokens, decoder?.cleanup !== false),
  };
}

interface NormalizerRules {
  readonly clean: boolean;
  readonly ideographs: boolean;
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
}

/** A normalized word and, for each of its code points, the character of the text that it comes from. */
interface Word {
  text: string;
  readonly starts: number[];
  readonly ends: number[];
}

/** BERT's normalizer and pre-tokenizer, with places. Character by character, as no step of them looks at two. */
function* words(text: string, rules: NormalizerRules): Generator<Word> {
  let word: Word = { text: "", starts: [], ends: [] };
  let index = 0;
  for (const character of text) {
    const [start, end] = [index, index + character.length];
    index = end;
    if (rules.clean && (character === "\0" || IS_REMOVED.test(character))) continue;
    let normal = character;
    if (rules.stripAccents) normal = normal.normalize("NFD").replace(/\p{Mn}/gu, "");
    if (rules.lowercase) normal = normal.toLowerCase();
    for (const one of normal) {
      const alone = IS_WORD_OF_ITS_OWN.test(one) ||
        rules.ideographs && isIdeograph(character.codePointAt(0) ?? 0);
      const space = IS_SPACE.test(one);
      if ((alone || space) && word.text !== "") {
        yield word;
        word = { text: "", starts: [], ends: [] };
      }
      if (alone) yield { text: one, starts: [start], ends: [end] };
      else if (!space) {
        word.text += one;
        word.starts.push(start);
        word.ends.push(end);
      }
    }
  }
  if (word.text !== "") yield word;
}

function alignWord(
  word: Word,
  encode: (text: string) => number[],
  tokenOf: (id: number) => string,
  tokens: AlignedTokens,
): void {
  const ids = encode(word.text);
  const last = word.ends.length - 1;
  if (ids.length === 1) {
    // The whole word, or an unknown one.
    addToken(tokens, ids[0] ?? 0, word.starts[0] ?? 0, word.ends[last] ?? 0);
    return;
  }
  let at = 0;
  for (const id of ids) {
    const token = tokenOf(id);
    const length = [...token].length - (isWordPieceSubword(token) ? 2 : 0);
    addToken(tokens, id, word.starts[at] ?? 0, word.ends[Math.min(last, at + length - 1)] ?? 0);
    at += length;
  }
}

function decode(tokens: readonly string[], cleanUp: boolean): string {
  return tokens.map((token, i) => {
    const spaced = i === 0 ? token : isWordPieceSubword(token) ? token.slice(2) : ` ${token}`;
    return cleanUp ? cleanUpToken(spaced) : spaced;
  }).join("");
}

/** The clean-up of the decoders in Hugging Face tokenizers, a token at a time. */
function cleanUpToken(token: string): string {
  return token.replaceAll(/ ([.?!,])/g, "$1").replaceAll(" ' ", "'").replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m").replaceAll(" do not", " don't").replaceAll(" 's", "'s").replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}
