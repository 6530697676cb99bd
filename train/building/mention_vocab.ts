import { UserError } from "@lukeforge/corpus";
import {
  compareCodePoints,
  EntityVocab,
  type EntityVocabEntry,
  isSpecialEntity,
  SPECIAL_ENTITIES,
  WordCounts,
} from "@lukeforge/vocab";
import type { DocumentSource } from "./document_source.ts";

/** Options of {@linkcode mentionVocab}. */
export interface MentionVocabOptions {
  /** Entities at most, the three special ones included. */
  readonly vocabSize: number;
  /** Mentions that an entity needs. */
  readonly minCount: number;
  /** What the documents' `done` and `total` say meanwhile. */
  readonly progress?: (done: number, total: number | undefined) => void;
}

/**
 * An entity vocabulary of what documents mention: the most frequent titles, among equals by code points, in the documents' language.
 * Memory: 8 million distinct titles; where there are more, those seen once so far are forgotten.
 *
 * @throws {UserError} when no title is mentioned often enough.
 */
export async function mentionVocab(
  source: DocumentSource,
  { vocabSize, minCount, progress }: MentionVocabOptions,
): Promise<EntityVocab> {
  const counts = new WordCounts((title) => [title]);
  for await (const { paragraphs } of source.documents()) {
    for (const { links } of paragraphs) {
      for (const { title } of links) if (!isSpecialEntity(title)) counts.add(source.resolveRedirect(title));
    }
    progress?.(source.done, source.total);
  }
  const chosen = [...counts].filter(([, count]) => count >= minCount)
    .sort(([a, m], [b, n]) => n - m || compareCodePoints(a, b))
    .slice(0, vocabSize - SPECIAL_ENTITIES.length);
  if (chosen.length === 0) {
    throw new UserError(
      counts.size === 0
        ? `the ${source.documentName} mention no entity; check the corpus, or build with build-dataset-from-text, without entities`
        : `none of ${counts.size} entities is mentioned ${minCount} times; lower --min-count`,
    );
  }
  const entry = (title: string, count: number, id: number): EntityVocabEntry => ({
    id,
    entities: [[title, source.language]],
    count,
  });
  return new EntityVocab([
    ...SPECIAL_ENTITIES.map((title, id) => entry(title, 0, id)),
    ...chosen.map(([title, count], i) => entry(title, count, SPECIAL_ENTITIES.length + i)),
  ]);
}
