import { UserError } from "@lukeforge/corpus";
import { EntityVocab } from "./entity_vocab.ts";
import { isSpecialEntity, SPECIAL_ENTITIES } from "./entity_vocab_entry.ts";
import { EntityVocabTable } from "./entity_vocab_table.ts";
import { ItemNumbers } from "./item_numbers.ts";

/** Which titles belong together; `InterwikiDB` is one. */
export interface InterwikiLookup {
  /** Whether there are titles in a language. */
  hasLanguage(language: string): boolean;
  /** The item of a title; undefined when there is none. */
  getId(title: string, language: string): number | undefined;
}

/** Options of {@linkcode mergeEntityVocabs}. */
export interface MergeEntityVocabsOptions {
  /** Number of ids at most, the three specials included. Default: no limit. */
  readonly vocabSize?: number;
  /** Entities with titles in fewer languages are left out. Default 1. */
  readonly minNumLanguages?: number;
  /** Files done and in all: each is read twice. */
  readonly progress?: (done: number, total: number) => void;
  /** Takes a line about each file. */
  readonly notice?: (line: string) => void;
}

/**
 * Merges vocabularies of several languages, as upstream does: titles of one item of Wikidata share an id, their counts are added;
 * titles without an item have ids of their own. Order: `[PAD]` 0, `[UNK]` 1, `[MASK]` 2 (upstream's order depends on a hash seed),
 * then by count descending, equal counts as they first come in the files. Memory: about 24 bytes a title of all files, and
 * the result.
 *
 * @param paths files or directories that `EntityVocab.load` opens; two of them may not have a language in common.
 * @throws {UserError} when a file does not open, has no language, one that is not in the interwiki database, or one of another
 * file, or nothing is left.
 */
export function mergeEntityVocabs(
  paths: readonly string[],
  interwiki: InterwikiLookup,
  options: MergeEntityVocabsOptions = {},
): EntityVocab {
  const { vocabSize, minNumLanguages = 1, progress } = options;
  if (paths.length === 0) throw new UserError("no entity vocabulary to merge; name one for each language");
  if (vocabSize !== undefined && (!Number.isSafeInteger(vocabSize) || vocabSize <= SPECIAL_ENTITIES.length)) {
    throw new UserError(
      `vocab size ${vocabSize}: must be a whole number above ${SPECIAL_ENTITIES.length}, the special entities`,
    );
  }
  const groups = groupEntities(paths, interwiki, options);
  const ids = idsOf(groups, minNumLanguages, vocabSize ?? Infinity);
  if (ids.count === 0) {
    throw new UserError(
      `no entity has titles in ${minNumLanguages} languages (--min-num-languages); lower it, or check that the interwiki database has the languages of the files`,
    );
  }
  const table = new EntityVocabTable();
  const languages = [...groups.languageFile.keys()].sort();
  SPECIAL_ENTITIES.forEach((title, id) => languages.forEach((language) => table.add(title, language, id)));
  let entry = 0;
  paths.forEach((path, file) => {
    for (const { entities } of EntityVocab.load(path).entries()) {
      for (const [title, language] of entities) {
        if (isSpecialEntity(title)) continue;
        const id = ids.ofGroup[groups.groupOf[entry++] ?? 0] ?? 0;
        if (id > 0) table.add(title, language, id);
      }
    }
    progress?.(paths.length + file + 1, 2 * paths.length);
  });
  return new EntityVocab({ table, counts: ids.counts }, "merged vocabulary");
}

/** Entities before they are chosen; a group is what shares an id. */
interface Groups {
  /** By title, in the order of the files. */
  readonly groupOf: Uint32Array;
  /** By group, in the order in which they first come: links to all titles. */
  readonly counts: Float64Array;
  /** By group. */
  readonly numLanguages: Uint16Array;
  /** Number of groups. */
  readonly length: number;
  /** Which file has a language. */
  readonly languageFile: ReadonlyMap<string, number>;
}

function groupEntities(
  paths: readonly string[],
  interwiki: InterwikiLookup,
  { progress, notice }: MergeEntityVocabsOptions,
): Groups {
  let groupOf = new Uint32Array(1024);
  let counts = new Float64Array(1024);
  let numLanguages = new Uint16Array(1024);
  let length = 0;
  let entry = 0;
  const groupOfItem = new ItemNumbers();
  const languageFile = new Map<string, number>();
  paths.forEach((path, file) => {
    const vocab = EntityVocab.load(path);
    claimLanguages(vocab, interwiki, paths, file, languageFile);
    let titles = 0;
    let withItem = 0;
    for (const { entities, count } of vocab.entries()) {
      const counted = new Set<number>();
      for (const [title, language] of entities) {
        if (isSpecialEntity(title) || language === null) continue;
        titles++;
        const item = interwiki.getId(title, language);
        const known = item === undefined ? undefined : groupOfItem.get(item);
        const group = known ?? length++;
        if (item !== undefined) {
          withItem++;
          if (known === undefined) groupOfItem.set(item, group);
        }
        if (entry === groupOf.length) groupOf = grown(groupOf, new Uint32Array(2 * entry));
        if (group === counts.length) {
          counts = grown(counts, new Float64Array(2 * group));
          numLanguages = grown(numLanguages, new Uint16Array(2 * group));
        }
        groupOf[entry++] = group;
        numLanguages[group] = (numLanguages[group] ?? 0) + 1;
        // An id of several titles, from a merged vocabulary, has its count once.
        if (!counted.has(group)) counts[group] = (counts[group] ?? 0) + count;
        counted.add(group);
      }
    }
    notice?.(
      `${path}: ${titles} entities in ${
        [...vocab.languages].join(", ")
      }, ${withItem} of them in the interwiki database`,
    );
    progress?.(file + 1, 2 * paths.length);
  });
  return { groupOf, counts, numLanguages, length, languageFile };
}

/** A title could stand at two ids otherwise, and a language count twice. */
function claimLanguages(
  vocab: EntityVocab,
  interwiki: InterwikiLookup,
  paths: readonly string[],
  file: number,
  languageFile: Map<string, number>,
): void {
  for (const language of vocab.languages) {
    if (language === null) {
      throw new UserError(
        `${
          paths[file]
        }: names no language, by which titles are looked up; build it again with build-entity-vocab --language`,
      );
    }
    const other = languageFile.get(language);
    if (other !== undefined) {
      throw new UserError(
        `${paths[other]} and ${
          paths[file]
        }: both have entities in language ${language}; merge one file a language`,
      );
    }
    if (!interwiki.hasLanguage(language)) {
      throw new UserError(
        `${
          paths[file]
        }: the interwiki database has no titles in its language ${language}; build it with -l ${language}, or correct the language`,
      );
    }
    languageFile.set(language, file);
  }
}

/** Numbers the groups that stay; 0, which is a special entity's, for the others. */
function idsOf(
  { counts, numLanguages, length }: Groups,
  minNumLanguages: number,
  vocabSize: number,
): { ofGroup: Uint32Array; counts: number[]; count: number } {
  let kept = 0;
  const order = new Uint32Array(length);
  for (let group = 0; group < length; group++) {
    if ((numLanguages[group] ?? 0) >= minNumLanguages) order[kept++] = group;
  }
  const ranking = order.subarray(0, kept).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0)); // stable
  const chosen = ranking.subarray(0, Math.min(kept, vocabSize - SPECIAL_ENTITIES.length));
  const ofGroup = new Uint32Array(length);
  const countOf: number[] = SPECIAL_ENTITIES.map(() => 0);
  for (const group of chosen) {
    ofGroup[group] = countOf.length;
    countOf.push(counts[group] ?? 0);
  }
  return { ofGroup, counts: countOf, count: chosen.length };
}

function grown<T extends Uint32Array | Uint16Array | Float64Array>(array: T, larger: T): T {
  larger.set(array);
  return larger;
}
