import { statSync } from "node:fs";
import { trainingTexts, type WordCounts } from "@lukeforge/vocab";
import { quantity } from "./progress.ts";

/**
 * Counts the words of corpus files.
 *
 * @param report takes how far it is: megabytes and different words.
 * @param filter pages of page databases that are read, by title. Default: all.
 * @throws {UserError} as `trainingTexts`.
 */
export async function countCorpusWords(
  sources: readonly string[],
  words: WordCounts,
  report: (note: string) => void,
  filter?: (title: string) => boolean,
): Promise<void> {
  const sizes = sources.map((source) => statSync(source, { throwIfNoEntry: false })?.size ?? 0);
  const total = quantity(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
  let before = 0;
  for (const source of sources) {
    let ofSource = 0;
    for await (const { texts, read, size } of trainingTexts(source, { pageFilter: filter })) {
      for (const text of texts) words.add(text);
      report(
        `${quantity((before + read) / 1e6)} of ${total} MB read, ${quantity(words.size)} different words`,
      );
      ofSource = size;
    }
    before += ofSource;
  }
}
