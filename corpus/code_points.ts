/** Whether offsets into `text` in UTF-16 units and in code points differ. */
export function hasSurrogates(text: string): boolean {
  return /[\ud800-\udbff]/.test(text);
}

/** Converts ascending UTF-16 offsets into `text` to offsets in code points. */
export function toCodePointOffsets(text: string, offsets: readonly number[]): number[] {
  if (!hasSurrogates(text)) return [...offsets];
  return convert(text, offsets, (units) => units);
}

/** Converts ascending offsets in code points of `text` to UTF-16 offsets. */
export function fromCodePointOffsets(text: string, offsets: readonly number[]): number[] {
  if (!hasSurrogates(text)) return [...offsets];
  return convert(text, offsets, (_units, points) => points, (units) => units);
}

type Pick = (units: number, points: number) => number;

/** Walks `text` once; where `from` of the place equals the next offset, `to` of it is the result. */
function convert(
  text: string,
  offsets: readonly number[],
  from: Pick,
  to: Pick = (_units, points): number => points,
): number[] {
  const converted: number[] = [];
  let units = 0;
  let points = 0;
  for (const offset of offsets) {
    while (from(units, points) < offset && units < text.length) {
      units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
      points++;
    }
    converted.push(to(units, points));
  }
  return converted;
}
