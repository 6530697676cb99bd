/** A small page source, a tokenizer and a vocabulary for tests of data sets. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import type {
  DatasetBuildOptions,
  DatasetEntityVocab,
  DatasetTokenizer,
} from "../building/dataset_build_options.ts";
import { buildPretrainingDataset, type DatasetSummary } from "../building/dataset_builder.ts";
import { PageDocuments, type PageDocumentsOptions, type PageSource } from "../building/page_documents.ts";
import type { ItemPage, ItemParagraph } from "../building/page_items.ts";

/** Number of pages. */
export const PAGES = 40;

/** Page n: some sentences, each with a link to page n + 1 and one to a page that does not exist. */
export const db: PageSource = {
  meta: { language: "en", dump_file: "testwiki.xml.bz2" },
  lastPlace: PAGES,
  *pagesAt(first: number, last: number, isWanted: (title: string) => boolean): Generator<ItemPage> {
    for (let number = first - 1; number < last; number++) {
      const title = `Page ${number}`;
      if (isWanted(title)) yield { title, paragraphs: paragraphsOf(number) };
    }
  },
  resolveRedirect: (title: string): string => title,
};

/** The paragraphs of a page. */
export function paragraphsOf(number: number): ItemParagraph[] {
  const text = `The page ${number} points to number ${number + 1}, or to nothing.`;
  const start = text.indexOf(" number") + 1;
  const links = [
    { title: `Page ${number + 1}`, text: "number", start, end: start + 6 },
    { title: "Nothing", text: "nothing", start: text.length - 8, end: text.length - 1 },
  ];
  return Array.from({ length: 1 + number % 5 }, (_, i) => ({ text, links, abstract: i === 0 }));
}

/** Words are what stands between spaces. */
export const tokenizer: DatasetTokenizer = {
  vocabSize: 10_000,
  modelType: "bert",
  encodeSegment: (text: string): number[] =>
    text.split(/\s+/).filter((word) => word !== "").map((word) => word.length + word.charCodeAt(0)),
  isSubword: (): boolean => false,
  save: (directory: string): void => writeFileSync(`${directory}/tokenizer.json`, "{}"),
};

/** All pages, in one language. */
export function vocabulary(language: string | null): DatasetEntityVocab {
  return {
    size: PAGES + 3,
    unkId: 1,
    languages: new Set([language]),
    getId(title: string, wanted: string | null = null): number | undefined {
      const number = /^Page (\d+)$/.exec(title)?.[1];
      return number === undefined || wanted !== language || Number(number) >= PAGES
        ? undefined
        : Number(number) + 3;
    },
    save: (path: string): void => writeFileSync(path, "entities\n"),
  };
}

/** Builds a data set of the pages. */
export function build(
  out: string,
  { seed, maxNumDocuments, pageFilter, ...options }: DatasetBuildOptions & PageDocumentsOptions = {},
): Promise<DatasetSummary> {
  const source = new PageDocuments(db, {
    ...(seed !== undefined && { seed }),
    ...(maxNumDocuments !== undefined && { maxNumDocuments }),
    pageFilter,
  });
  return buildPretrainingDataset(source, tokenizer, vocabulary("en"), out, options);
}

/** Gives a directory that is removed afterwards. */
export async function inDirectory(use: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Matches the one line of a user error. */
export function userError(pattern: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n");
}

/** SHA-256 of the files of a directory, by name. */
export function files(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).sort().map((
      name,
    ) => [name, createHash("sha256").update(readFileSync(`${directory}/${name}`)).digest("hex")]),
  );
}

/** Flips one bit of a file, runs `use`, and flips it back. */
export function withFlippedBit(path: string, bit: number, use: () => void): void {
  const bytes = readFileSync(path);
  const flip = (): void => {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ 1 << (bit & 7);
    writeFileSync(path, bytes);
  };
  flip();
  use();
  flip();
}
