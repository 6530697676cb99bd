import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  buildPretrainingDataset,
  type DatasetBuildOptions,
  type DatasetEntityVocab,
  type DatasetTokenizer,
  type DocumentSource,
} from "@lukeforge/train";
import { quantity } from "./progress.ts";

/** Builds a data set; returns what it holds and how fast it was made, in a few words. */
export async function madeDataset(
  source: DocumentSource,
  tokenizer: DatasetTokenizer,
  entityVocab: DatasetEntityVocab,
  output: string,
  options: DatasetBuildOptions,
): Promise<string> {
  const begun = performance.now();
  const made = await buildPretrainingDataset(source, tokenizer, entityVocab, output, options);
  const seconds = (performance.now() - begun) / 1000;
  const { pages, items, words, entities, itemsWithoutEntitiesDropped: dropped } = made;
  const leftOut = dropped > items ? ` (and ${quantity(dropped)} without an entity, left out)` : "";
  return `${quantity(items)} items of ${quantity(pages)} ${source.documentName}${leftOut}, ${
    quantity(words)
  } words, ${quantity(entities)} entities, ${quantity(words / seconds)} words/s`;
}

/** Data sets of one input and one set of options have the same files; metadata, with the sums of all others, tell. */
export function sameDataset(a: string, b: string): boolean {
  const [x, y] = [join(a, "metadata.json"), join(b, "metadata.json")];
  const [is, was] = [x, y].map((path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
  return is === true && was === true && readFileSync(x).equals(readFileSync(y));
}
