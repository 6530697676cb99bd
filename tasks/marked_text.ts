import type { DatasetItem } from "@lukeforge/train";

/** The text of an item with its mentions marked as links are: `the [Earth](Jörð) is`. */
export function markedText(
  { wordIds, entities }: DatasetItem,
  decode: (ids: number[]) => string,
  title: (entity: number) => string,
): string {
  const words = Array.from(wordIds);
  const text = decode(words);
  const offset = (word: number): number => Math.min(decode(words.slice(0, word)).length, text.length);
  const marks = entities.flatMap(({ id, start, length }, number) => {
    const end = offset(start + length);
    const from = offset(start);
    // The space before a word is part of it for byte-level BPE.
    const begin = Math.min(end, from + (/^\s*/.exec(text.slice(from, end))?.[0].length ?? 0));
    const order = { number, closes: end };
    const close = `](${title(id)})`;
    return begin === end ? [{ ...order, at: end, mark: `[${close}`, opens: true }] : [
      { ...order, at: begin, mark: "[", opens: true },
      { ...order, at: end, mark: close, opens: false },
    ];
  });
  // At one place what ends comes before what begins; of mentions in each other, the outer one begins first and ends last.
  marks.sort((a, b) =>
    a.at - b.at || Number(a.opens) - Number(b.opens) ||
    (a.opens ? b.closes - a.closes || a.number - b.number : b.number - a.number)
  );
  let marked = "", done = 0;
  for (const { at, mark } of marks) {
    marked += text.slice(done, at) + mark;
    done = at;
  }
  return marked + text.slice(done);
}

/** About `length` characters of a text on one line, from its beginning, or from where the character at `place` can be seen. */
export function excerpt(text: string, place: number, length: number): string {
  const before = place - length / 3;
  const from = text.length <= length || before <= 0 ? 0 : text.indexOf(" ", before) + 1;
  const shown = text.slice(from, from + length);
  const ends = from + shown.length === text.length;
  const whole = (ends ? shown : shown.replace(/\s\S*$/, "")).replace(/\s+/g, " ").trim();
  return `${from > 0 ? "… " : ""}${whole}${ends ? "" : " …"}`;
}
