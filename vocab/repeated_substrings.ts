/**
 * Calls `visit` for every substring within words that occurs at least twice and goes on in more than one way (the end of a word
 * is one way): the inner nodes of a suffix tree, cut at `depth` codes, in a fixed order.
 *
 * @param codes words, each followed by a 0.
 */
export function forEachRepeat(
  codes: Int32Array,
  depth: number,
  visit: (start: number, length: number, count: number) => void,
): void {
  const suffixes = sortedSuffixes(codes, depth);
  const lengths: number[] = [];
  const lefts: number[] = [];
  for (let i = 1; i <= suffixes.length; i++) {
    const common = i === suffixes.length
      ? 0
      : commonPrefix(codes, suffixes[i - 1] ?? 0, suffixes[i] ?? 0, depth);
    let left = i - 1;
    while ((lengths.at(-1) ?? 0) > common) {
      const length = lengths.pop() ?? 0;
      left = lefts.pop() ?? 0;
      const start = suffixes[left] ?? 0;
      if (codes[start + length - 1] !== 0) visit(start, length, i - left);
    }
    if (common > (lengths.at(-1) ?? 0)) {
      lengths.push(common);
      lefts.push(left);
    }
  }
}

function commonPrefix(codes: Int32Array, a: number, b: number, depth: number): number {
  let length = 0;
  while (length < depth) {
    const code = codes[a + length];
    if (code !== codes[b + length]) break;
    length++;
    if (code === 0) break;
  }
  return length;
}

/** Places of all codes but 0, by what follows them up to the next 0: quicksort by one code after another (Bentley and Sedgewick 1997). */
function sortedSuffixes(codes: Int32Array, depth: number): Uint32Array {
  const suffixes = new Uint32Array(codes.length);
  let size = 0;
  for (let i = 0; i < codes.length; i++) if (codes[i] !== 0) suffixes[size++] = i;
  const todo: number[] = [0, size, 0];
  while (todo.length > 0) {
    let at = todo.pop() ?? 0;
    let high = todo.pop() ?? 0;
    let low = todo.pop() ?? 0;
    while (high - low > 1 && at < depth) {
      const pivot = median(
        codes[(suffixes[low] ?? 0) + at] ?? 0,
        codes[(suffixes[(low + high) >> 1] ?? 0) + at] ?? 0,
        codes[(suffixes[high - 1] ?? 0) + at] ?? 0,
      );
      let less = low;
      let greater = high;
      for (let i = low; i < greater;) {
        const suffix = suffixes[i] ?? 0;
        const code = codes[suffix + at] ?? 0;
        if (code < pivot) {
          suffixes[i++] = suffixes[less] ?? 0;
          suffixes[less++] = suffix;
        } else if (code > pivot) {
          suffixes[i] = suffixes[--greater] ?? 0;
          suffixes[greater] = suffix;
        } else i++;
      }
      if (less - low > 1) todo.push(low, less, at);
      if (high - greater > 1) todo.push(greater, high, at);
      if (pivot === 0) break;
      [low, high] = [less, greater];
      at++;
    }
  }
  return suffixes.subarray(0, size);
}

function median(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
}
