import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { parseWikidataEntity, type WikidataEntity } from "./wikidata_sitelinks.ts";

function parse(text: string): WikidataEntity {
  const bytes = new TextEncoder().encode(`x${text}y`);
  return parseWikidataEntity(bytes, 1, bytes.length - 1);
}

Deno.test("parseWikidataEntity() finds what JSON.parse finds, whatever else the entity holds", () => {
  const word = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      "sitelinks",
      '"sitelinks":',
      '\\"sitelinks":{',
      "type",
      "id",
      "}",
      "{",
      "\\",
      '"',
      "item",
    ),
  );
  const json = fc.jsonValue({ stringUnit: "grapheme" });
  const tree = fc.oneof(json, fc.dictionary(word, fc.oneof(json, fc.dictionary(word, json))));
  const sitelinks = fc.oneof(
    fc.constant([]),
    fc.dictionary(
      word.filter((key) => key !== "__proto__"),
      fc.record({ site: word, title: word, badges: fc.array(word) }),
    ),
  );
  const rest = fc.dictionary(
    word.filter((key) => !["type", "id", "sitelinks", "__proto__"].includes(key)),
    fc.oneof(tree, fc.record({ sitelinks, type: word })),
  );
  fc.assert(
    fc.property(
      rest,
      rest,
      fc.option(sitelinks, { nil: undefined }),
      fc.constantFrom("item", "property"),
      fc.option(fc.nat(), { nil: undefined }),
      fc.boolean(),
      fc.constantFrom(0, 1),
      (before, after, links, type, id, headFirst, space) => {
        const head = { type, ...(id !== undefined && { id: `Q${id}` }) };
        const entity = {
          ...(headFirst ? head : {}),
          ...before,
          ...(links !== undefined && { sitelinks: links }),
          ...after,
          ...head,
        };
        const text = JSON.stringify(entity, null, space).replace(/\n\s*/g, " ");
        const read = parse(text);
        if (type !== "item") equal(read, "other");
        else {
          const expected = Object.values(links ?? []).map(({ site, title }) => [site, title]);
          deepEqual(read, { qid: id, sitelinks: expected });
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("parseWikidataEntity() passes claims over, and knows Wikidata's empty lists and other entities", () => {
  const claims = '"claims":{"P1":[{"mainsnak":{"sitelinks":{"enwiki":{"site":"enwiki","title":"No"}}}}]}';
  const links = '"sitelinks":{"enwiki":{"site":"enwiki","title":"Z\\u00fcrich","badges":[]}}';
  deepEqual(parse(`{"type":"item","id":"Q72",${claims},${links},"lastrevid":1}`), {
    qid: 72,
    sitelinks: [["enwiki", "Zürich"]],
  });
  deepEqual(parse(`{"type":"item","id":"Q72",${links},${claims}}`), {
    qid: 72,
    sitelinks: [["enwiki", "Zürich"]],
  });
  deepEqual(parse(`{"type":"item","id":"Q1",${claims},"sitelinks":[]}`), { qid: 1, sitelinks: [] });
  deepEqual(parse(`{"type":"item","id":"Q1","labels":{}}`), { qid: 1, sitelinks: [] });
  equal(parse('{"type":"property","datatype":"string","id":"P1"}'), "other");
});

Deno.test("parseWikidataEntity() refuses what is no entity", () => {
  const bad = [
    "",
    "{}",
    "[]",
    "{",
    '"item"',
    '{"type":"item","id":"Q1","sitelinks":{"enwiki":{"site":"enwiki"}}}',
    '{"type":"item","id":"Q1","sitelinks":{"enwiki":"x"}}',
    '{"type":"item","id":"Q1","sitelinks":{"enwiki":{"site":"enwiki","title":"A}}}',
    '{"type":"item","id":"Q1","sitelinks":7}',
    '{"type":"item","id":"Q1","sitelinks":{"enwiki"',
  ];
  for (const text of bad) equal(parse(text), undefined, text);
  const invalid = new TextEncoder().encode(
    '{"type":"item","id":"Q1","sitelinks":{"a":{"site":"a","title":"?"}}}',
  );
  invalid[invalid.indexOf(0x3f)] = 0xff;
  equal(parseWikidataEntity(invalid, 0, invalid.length), undefined);
});
