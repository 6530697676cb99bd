import { deepEqual } from "node:assert/strict";
import { chooseEntities, type ChooseEntitiesOptions } from "./choose_entities.ts";
import { type ExplainedSource, explainEntity, titlesOfEntity } from "./explain_entity.ts";
import { countLinks } from "./link_counts.ts";
import { wiki } from "./link_source_fixture.ts";

const source = wiki(
  {
    A: ["B", "B", "Bee", "Beta", "C", "C", "Red", "Wrong"],
    B: ["A", "Kategorie:X"],
    C: [],
    D: ["C"],
    E: ["E"],
  },
  { Bee: "B", Beta: "Bee", Wrong: "Nowhere" },
  {
    category_namespaces: '["category","kategorie"]',
    file_namespaces: '["datei"]',
    namespaces: '{"2":"Benutzer"}',
  },
);

function explain(db: ExplainedSource, options: ChooseEntitiesOptions, title: string): string[] {
  const counts = countLinks(db, { watched: titlesOfEntity(db, title) });
  return explainEntity(db, counts, chooseEntities(db, counts, options), options, title);
}

Deno.test("explainEntity() names id, count, rank and every title that links come by", () => {
  deepEqual(explain(source, { vocabSize: 9 }, "Beta"), [
    "Beta: redirects to B",
    "B: in the vocabulary, id 3: 4 links, number 1 by count of 4 pages that are linked to",
    "  2 links to B",
    "  1 link to Beta, a redirect",
    "  1 link to Bee, a redirect",
  ]);
  deepEqual(explain(source, { vocabSize: 9, whiteList: ["E", "A"] }, "A"), [
    "A: in the vocabulary, id 4: by the white list; 1 link, number 3 by count of 4 pages that are linked to",
  ]);
});

Deno.test("explainEntity() says why a title is not in the vocabulary", () => {
  const only = (options: ChooseEntitiesOptions, title: string): string | undefined =>
    explain(source, options, title)[0];
  deepEqual(explain(source, { vocabSize: 9 }, "Red"), [
    "Red: not in the vocabulary: no such page in the database",
    "  1 link to it, which counts for nothing",
  ]);
  deepEqual(explain(source, { vocabSize: 9 }, "Wrong"), [
    "Wrong: redirects to Nowhere",
    "Nowhere: not in the vocabulary: its redirects lead to no page",
    "  1 link to it, which counts for nothing",
    "  1 link to Wrong, a redirect",
    "  0 links to Nowhere",
  ]);
  deepEqual(
    [
      only({ vocabSize: 9 }, "D"),
      only({ vocabSize: 9 }, "Kategorie:X"),
      only({ vocabSize: 9 }, "Datei:X"),
      only({ vocabSize: 9 }, "Benutzer:X"),
      only({ vocabSize: 9, minCount: 2 }, "E"),
      only({ vocabSize: 5 }, "E"),
      only({ vocabSize: 9, whiteList: ["A"], whiteListOnly: true }, "B"),
    ],
    [
      "D: not in the vocabulary: no link leads to it",
      "Kategorie:X: not in the vocabulary: a category",
      "Datei:X: not in the vocabulary: a file",
      "Benutzer:X: not in the vocabulary: no article, but a page of another namespace",
      "E: not in the vocabulary: 1 link, fewer than --min-count 2",
      "E: not in the vocabulary: 1 link, number 4 by count of 4 pages that are linked to; --vocab-size 5 is full, its last entity has 3 links",
      "B: not in the vocabulary: not in the white list, and --white-list-only; 4 links, number 1 by count of 4 pages that are linked to",
    ],
  );
});
