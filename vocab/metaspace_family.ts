import { addToken, type AlignedTokens, noTokens } from "./aligned_tokens.ts";
import { type AlignedText, alignedText, applyCharsmap, replaceAligned } from "./aligned_text.ts";
import { PrecompiledCharsmap } from "./precompiled_charsmap.ts";
import { isUnigramSubword } from "./subword.ts";
import type { TokenFamily } from "./token_family.ts";
import { type PipelineStep, pipelineSteps, type TokenizerJson } from "./tokenizer_json.ts";
import type { UnigramModel } from "./unigram_model.ts";
import { rememberingWords } from "./word_ids.ts";

const SPACE = "▁";

/**
 * Unigram pieces with `▁` for spaces: XLM-RoBERTa and mLUKE.
 *
 * No library is around it: kitoken differs from Hugging Face tokenizers on 5 % of real texts and
 * `@huggingface/tokenizers` on 3 % of random ones, both because they approximate the table of normalizations.
 *
 * @throws {RangeError} when a step of the tokenizer is of a kind that no XLM-RoBERTa tokenizer has.
 */
export function metaspaceFamily(
  json: Pick<TokenizerJson, "normalizer" | "pre_tokenizer" | "decoder">,
  model: UnigramModel,
): TokenFamily {
  const normalize = normalizer(json.normalizer);
  const preTokenizers = pipelineSteps(json.pre_tokenizer);
  const unknown = preTokenizers.find(({ type }) => type !== "WhitespaceSplit" && type !== "Metaspace");
  if (unknown !== undefined) {
    throw new RangeError(`the pre-tokenizer ${unknown.type} is not known for Unigram`);
  }
  const metaspace = preTokenizers.find(({ type }) => type === "Metaspace");
  const splits = preTokenizers.some(({ type }) => type === "WhitespaceSplit");
  const prepends = metaspace === undefined || prependsSpace(metaspace);
  const decoder = pipelineSteps(json.decoder).find(({ type }) => type === "Metaspace");

  const align = (text: string, isContinued: boolean): AlignedTokens => {
    const tokens = noTokens();
    for (const word of splitWords(normalize(alignedText(text)), splits, prepends, isContinued)) {
      alignWord(word, model, tokens);
    }
    return tokens;
  };
  // Upstream writes 龘 before a text that continues a word and drops the first two pieces, ▁ and 龘.
  const encode = (text: string): number[] => align(text, !text.startsWith(" ")).ids;
  const remembering = prepends && pipelineSteps(json.normalizer).every(keepsPlainWordsApart)
    ? rememberingWords(plainWordEnd, encode)
    : undefined;
  return {
    modelType: "xlm-roberta",
    encodeSegment: (segment, prefixSpace) => {
      const text = prefixSpace && !segment.startsWith(" ") ? ` ${segment}` : segment;
      if (remembering !== undefined && IS_PLAIN.test(segment)) return remembering(text);
      return prefixSpace ? align(segment, false).ids : encode(segment);
    },
    align: (text) => align(text, false),
    isSubword: (piece, byMark) => byMark && isUnigramSubword(piece),
    decode: (tokens) => decode(tokens, decoder === undefined || prependsSpace(decoder)),
  };
}

/**
 * Words between single spaces that become pieces independently of each other: of characters that no normalization makes white space
 * of, removes, or joins with a space beside them. Most of what is written in Latin, Greek, Cyrillic and Korean letters.
 */
const PLAIN = "[!-~¡-§©-¬®°-³µ-·¹-ɏΆ-ΊΌΎ-ΡΣ-҂Ҋ-ԯ‐-―‘-‟…가-힣]+";
const IS_PLAIN = new RegExp(`^ ?${PLAIN}(?: ${PLAIN})*$`);

/** Whether a step treats every plain word as if it stood alone. */
function keepsPlainWordsApart({ type, pattern }: PipelineStep): boolean {
  if (type !== "Replace") return true;
  return (pattern as { Regex?: unknown } | undefined)?.Regex === " {2,}";
}

/** A word goes with the space before it. */
function plainWordEnd(text: string, start: number): number {
  const end = text.indexOf(" ", start + 1);
  return end < 0 ? text.length : end;
}

function prependsSpace({ prepend_scheme: scheme, add_prefix_space: add }: PipelineStep): boolean {
  return scheme === undefined ? add !== false : scheme !== "never";
}

function normalizer(step: PipelineStep | null): (text: AlignedText) => AlignedText {
  const changes = pipelineSteps(step).map(normalizerStep);
  return (text) => changes.reduce((changed, change) => change(changed), text);
}

function normalizerStep(step: PipelineStep): (text: AlignedText) => AlignedText {
  switch (step.type) {
    case "Precompiled": {
      const base64 = step.precompiled_charsmap;
      if (typeof base64 !== "string" || base64 === "") return (text) => text;
      const charsmap = new PrecompiledCharsmap(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
      return (text) => applyCharsmap(text, charsmap);
    }
    case "Strip":
      return (text) => {
        const left = step.strip_left === true ? replaceAligned(text, /^\p{White_Space}+/gu, "") : text;
        return step.strip_right === true ? replaceAligned(left, /\p{White_Space}+$/gu, "") : left;
      };
    case "Replace": {
      const { pattern, content } = step;
      const { Regex: regex, String: string } = (pattern ?? {}) as { Regex?: unknown; String?: unknown };
      if (typeof content === "string" && (typeof regex === "string" || typeof string === "string")) {
        const source = typeof regex === "string"
          ? regex
          : String(string).replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&");
        return (text) => replaceAligned(text, new RegExp(source, "gu"), content);
      }
    }
  }
  throw new RangeError(`the normalizer ${step.type} is not known for Unigram`);
}

/** Words with their `▁`: each starts at one, or at white space where that splits. A `▁` that is not in the text has the place of what follows. */
function splitWords(
  text: AlignedText,
  splits: boolean,
  prepends: boolean,
  isContinued: boolean,
): AlignedText[] {
  const words: { characters: string[]; starts: number[]; ends: number[] }[] = [];
  let isOpen = false;
  let isStart = true;
  text.characters.forEach((character, i) => {
    const [start, end] = [text.starts[i] ?? 0, text.ends[i] ?? 0];
    if (splits && /\p{White_Space}/u.test(character)) {
      isOpen = false;
      isStart = true;
      return;
    }
    const isSpace = character === " " || character === SPACE;
    if (isStart && prepends && !isSpace && !(isContinued && i === 0)) {
      words.push({ characters: [SPACE], starts: [start], ends: [end] });
      isOpen = true;
    } else if (isSpace || !isOpen) {
      words.push({ characters: [], starts: [], ends: [] });
      isOpen = true;
    }
    isStart = false;
    const word = words.at(-1);
    word?.characters.push(isSpace ? SPACE : character);
    word?.starts.push(start);
    word?.ends.push(end);
  });
  return words;
}

function alignWord(word: AlignedText, model: UnigramModel, tokens: AlignedTokens): void {
  let at = 0;
  for (const { id, length } of model.encode(word.characters.join(""))) {
    const first = at;
    for (let taken = 0; taken < length; at++) taken += word.characters[at]?.length ?? length;
    addToken(tokens, id, word.starts[first] ?? 0, word.ends[at - 1] ?? 0);
  }
}

function decode(tokens: readonly string[], prepends: boolean): string {
  return tokens.map((token, i) => token.replaceAll(SPACE, i === 0 && prepends ? "" : " ")).join("");
}
