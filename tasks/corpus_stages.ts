import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  buildDumpDB,
  type BuildDumpDBOptions,
  commitRename,
  DumpDB,
  isHeldOut,
  normalizeTitle,
  syncDirectory,
  syncFile,
} from "@lukeforge/corpus";
import { type DatasetBuildOptions, PageDocuments, type PageDocumentsOptions } from "@lukeforge/train";
import {
  chooseEntities,
  type ChooseEntitiesOptions,
  countLinksOfFile,
  type EntityChoice,
  EntityVocab,
  type EntityVocabFormat,
  entityVocabOf,
  explainEntity,
  type LinkCounts,
  openTokenizer,
  specialsFirst,
  titlesOfEntity,
  type Tokenizer,
} from "@lukeforge/vocab";
import { madeDataset } from "./made_dataset.ts";
import { openEntityVocab } from "./open_entity_vocab.ts";
import { type ProgressCallback, quantity } from "./progress.ts";
import type { RunSources } from "./run_sources.ts";
import type { Stage } from "./stage.ts";

/** Which pages a stage takes: all, or one side of the split into training and held-out pages. */
export interface PageSplit {
  readonly heldOutFraction: number;
  /** The held-out side instead of the training side. */
  readonly heldOut?: boolean;
}

/** Dump → page database. */
export function dumpDBStage(
  dump: string | readonly string[],
  output: string,
  options: BuildDumpDBOptions = {},
): Stage {
  return {
    name: "page database",
    unit: "MB",
    output,
    async make(progress) {
      mkdirSync(dirname(output), { recursive: true });
      const inMegabytes = (done: number, total: number | undefined): void =>
        progress(done / 1e6, total === undefined ? undefined : total / 1e6);
      const { pages, redirects } = await buildDumpDB(dump, output, { ...options, progress: inMegabytes });
      return `${quantity(pages)} articles, ${quantity(redirects)} redirects`;
    },
  };
}

/** Copies a tokenizer, so that the run directory stands on its own. */
export function copiedTokenizerStage(tokenizer: Tokenizer, source: string, output: string): Stage {
  return {
    name: "tokenizer",
    unit: "tokens",
    output,
    make() {
      saveTokenizerDirectory(tokenizer, output);
      return `${quantity(tokenizer.vocabSize)} tokens of ${source}`;
    },
  };
}

/** What {@linkcode entityVocabStage} selects by. */
export interface EntityVocabStageOptions extends ChooseEntitiesOptions {
  /** Share of the pages, by title, whose links do not count. */
  readonly heldOutFraction: number;
  /** Default: the page database's. */
  readonly language?: string;
  /** Default: the one that the output's ending names. */
  readonly format?: EntityVocabFormat;
  /** Threads that count links. Default: the number of cores. */
  readonly poolSize?: number;
  /** Pages that a thread is given at a time. */
  readonly chunkSize?: number;
  /** Titles to explain. */
  readonly explain?: readonly string[];
  /** Takes a line about a title to explain. */
  readonly explained?: (line: string) => void;
}

/** Page database → entity vocabulary. */
export function entityVocabStage(pagesDB: string, output: string, options: EntityVocabStageOptions): Stage {
  return {
    name: "entity vocabulary",
    unit: "pages",
    output,
    async make(progress) {
      using db = DumpDB.open(pagesDB);
      const { counts, choice } = await chosenEntities(db, pagesDB, options, progress);
      const vocab = entityVocabOf(db, counts, choice, options.language ?? (db.meta["language"] || null));
      mkdirSync(dirname(output), { recursive: true });
      vocab.save(output, options.format);
      return `${quantity(vocab.size)} entities, 3 special ones included${aboutWhiteList(choice)}`;
    },
  };
}

/** Chooses the entities of a page database, and explains those that are asked for. */
export async function chosenEntities(
  db: DumpDB,
  pagesDB: string,
  options: EntityVocabStageOptions,
  progress: ProgressCallback,
): Promise<{ counts: LinkCounts; choice: EntityChoice }> {
  const { poolSize, chunkSize, heldOutFraction, explain = [], explained } = options;
  const rules = {
    caseSensitive: db.meta["case"] === "case-sensitive",
    ...(db.meta["language"] !== undefined && { language: db.meta["language"] }),
  };
  const titles = explain.map((title) => normalizeTitle(title, rules));
  const counts = await countLinksOfFile(pagesDB, {
    heldOutFraction,
    watched: titles.flatMap((title) => titlesOfEntity(db, title)),
    ...(poolSize !== undefined && { workers: poolSize }),
    ...(chunkSize !== undefined && { chunkSize }),
    progress,
  });
  // Lists of titles, such as Wikimedia's, have underscores for spaces.
  const whiteList = options.whiteList &&
    Array.from(options.whiteList, (title) => normalizeTitle(title, rules));
  const choice = chooseEntities(db, counts, { ...options, ...(whiteList && { whiteList }) });
  for (const title of titles) {
    for (const line of explainEntity(db, counts, choice, options, title)) explained?.(line);
  }
  return { counts, choice };
}

function aboutWhiteList(
  { whiteListed, whiteListLeftOut: { noPage, tooRare, noRoom } }: EntityChoice,
): string {
  const reasons: [number, string][] = [[noPage, "no page"], [tooRare, "too few links"], [
    noRoom,
    "beyond --vocab-size",
  ]];
  const leftOut = reasons.filter(([count]) => count > 0).map(([count, reason]) =>
    `${quantity(count)} ${reason}`
  );
  if (whiteListed === 0 && leftOut.length === 0) return "";
  return `; ${quantity(whiteListed)} of the white list${
    leftOut.length > 0 ? `, left out: ${leftOut.join(", ")}` : ""
  }`;
}

/** Copies an entity vocabulary, so that the run directory stands on its own; the special entities come first. */
export function copiedEntityVocabStage(source: string, sources: RunSources, output: string): Stage {
  return {
    name: "entity vocabulary",
    unit: "entities",
    output,
    async make() {
      const { vocab } = specialsFirst(openEntityVocab(await sources.locate(source, "model")));
      vocab.save(output);
      return `${quantity(vocab.size)} entities of ${source}`;
    },
  };
}

/** What a dataset is made of. */
export interface DatasetInputs {
  readonly pagesDB: string;
  /** Directory or file. */
  readonly tokenizer: string;
  readonly entityVocab: string;
}

/** Options of {@linkcode datasetStage}. */
export interface DatasetStageOptions
  extends DatasetBuildOptions, Pick<PageDocumentsOptions, "seed" | "maxNumDocuments"> {}

/** Page database, tokenizer and entity vocabulary → dataset directory. */
export function datasetStage(
  inputs: DatasetInputs,
  output: string,
  split: PageSplit,
  { seed, maxNumDocuments, ...options }: DatasetStageOptions = {},
): Stage {
  return {
    name: split.heldOut ? "held-out dataset" : "dataset",
    unit: "pages",
    output,
    async make(progress) {
      using db = DumpDB.open(inputs.pagesDB);
      const filter = pageFilter(split);
      const source = new PageDocuments(db, {
        ...(seed !== undefined && { seed }),
        ...(maxNumDocuments !== undefined && { maxNumDocuments }),
        ...(filter && { pageFilter: filter, pageFilterDescription: describeSplit(split) }),
      });
      return await madeDataset(
        source,
        await openTokenizer(inputs.tokenizer),
        EntityVocab.load(inputs.entityVocab),
        output,
        { ...options, progress },
      );
    },
  };
}

/** What `metadata.json` records about the split. */
function describeSplit({ heldOutFraction, heldOut }: PageSplit): string {
  return `${heldOut ? "held-out" : "training"} pages, held-out fraction ${heldOutFraction}`;
}

/** Which pages by title; undefined for all. */
export function pageFilter(
  { heldOutFraction, heldOut = false }: PageSplit,
): ((title: string) => boolean) | undefined {
  return heldOutFraction === 0 ? undefined : (title) => isHeldOut(title, heldOutFraction) === heldOut;
}

/** Writes a tokenizer's directory, which appears when it is whole. */
export function saveTokenizerDirectory(tokenizer: Tokenizer, directory: string): void {
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  tokenizer.save(partial);
  for (const name of readdirSync(partial)) syncFile(join(partial, name));
  syncDirectory(partial);
  commitRename(partial, directory);
}
