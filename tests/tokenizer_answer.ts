import type { Tokenizer } from "@lukeforge/vocab";

/** What transformers makes of a text; a line of `peers/tokenizer_answers.py`. */
export interface TokenizerAnswer {
  readonly text: string;
  readonly ids: readonly number[];
  /** Code points. */
  readonly offsets?: readonly (readonly [number, number])[];
  readonly decoded: string;
  readonly decoded_without_specials: string;
  /** Each token decoded alone. */
  readonly tokens: readonly string[];
  /** Code points. */
  readonly spans?: readonly (readonly [number, number])[];
  readonly with_spans?: {
    readonly ids: readonly number[];
    readonly positions: readonly (readonly number[])[];
    /** Positions of a mention that transformers gives at most. */
    readonly most: number;
  };
}

/** Where a tokenizer of ours and transformers differ on a text. */
export function compareWithAnswer(
  tokenizer: Tokenizer,
  answer: TokenizerAnswer,
): { what: string; detail: string }[] {
  const { text, ids, offsets, spans, with_spans: withSpans } = answer;
  const differences: { what: string; detail: string }[] = [];
  const check = (what: string, ours: unknown, theirs: unknown): void => {
    const [one, two] = [JSON.stringify(ours), JSON.stringify(theirs)];
    if (one !== two) {
      differences.push({ what, detail: `${JSON.stringify(text)}: ours ${one}, theirs ${two}` });
    }
  };
  const encoded = tokenizer.encodeText(text);
  check("ids", encoded.ids, ids);
  if (offsets !== undefined && differences.length === 0) check("offsets", encoded.codePointOffsets, offsets);
  check("decode()", tokenizer.decode(ids), answer.decoded);
  check(
    "decode() without special tokens",
    tokenizer.decode(ids, { skipSpecialTokens: true }),
    answer.decoded_without_specials,
  );
  check("decode() of one token", ids.map((id) => tokenizer.decode([id])), answer.tokens);
  if (spans !== undefined && withSpans !== undefined) {
    const places = utf16Places(text);
    const inUtf16 = spans.map(([start, end]) => [places[start] ?? 0, places[end] ?? 0] as const);
    const ours = tokenizer.encodeText(text, { spans: inUtf16 });
    check("ids with spans", ours.ids, withSpans.ids);
    const positions = ours.spans.map(([start, end]) =>
      Array.from({ length: Math.min(end - start, withSpans.most) }, (_, i) => start + i)
    );
    check("positions of spans", positions, withSpans.positions);
  }
  return differences;
}

/** The UTF-16 position of each code point, and the length. */
function utf16Places(text: string): number[] {
  const places: number[] = [];
  let index = 0;
  for (const character of text) {
    places.push(index);
    index += character.length;
  }
  places.push(index);
  return places;
}
