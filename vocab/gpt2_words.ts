const WORD =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const [UNKNOWN, LETTER, NUMBER, OTHER, RARE] = [0, 1, 2, 3, 4];
/** What a UTF-16 unit is, as far as it has been met: white space and halves of characters are left to the pattern. */
const KINDS = new Uint8Array(1 << 16);
const [SPACE, APOSTROPHE] = [0x20, 0x27];

/** GPT-2's words: contractions, letters, numbers and others, each with the space before it, and white space. */
export function gpt2Words(text: string): string[] {
  const words: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = gpt2WordEnd(text, start);
    words.push(text.slice(start, end));
    start = end;
  }
  return words;
}

/** Where the word ends that begins at `start`. */
export function gpt2WordEnd(text: string, start: number): number {
  return endOfRun(text, start) ?? endOfMatch(text, start);
}

/** Where a run of letters, numbers or others that begins at `start` ends; undefined where that takes the whole pattern to say. */
function endOfRun(text: string, start: number): number | undefined {
  let at = start;
  if (text.charCodeAt(at) === SPACE) at++;
  else if (text.charCodeAt(at) === APOSTROPHE) return undefined;
  const kind = kindOf(text.charCodeAt(at));
  if (kind === RARE) return undefined;
  for (at++; at < text.length; at++) {
    const next = kindOf(text.charCodeAt(at));
    if (next === kind) continue;
    return next === RARE && isHalf(text.charCodeAt(at)) ? undefined : at;
  }
  return at;
}

function endOfMatch(text: string, start: number): number {
  WORD.lastIndex = start;
  WORD.test(text);
  return WORD.lastIndex;
}

/** The kind of a unit; NaN, which stands behind the end of a text, is rare. */
function kindOf(unit: number): number {
  const known = KINDS[unit] ?? RARE;
  if (known !== UNKNOWN) return known;
  const character = String.fromCharCode(unit);
  const kind = isHalf(unit) || /\p{White_Space}/u.test(character)
    ? RARE
    : /\p{L}/u.test(character)
    ? LETTER
    : /\p{N}/u.test(character)
    ? NUMBER
    : OTHER;
  KINDS[unit] = kind;
  return kind;
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}
