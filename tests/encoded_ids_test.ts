import { deepEqual, equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { openTokenizer, SegmentTokenizer } from "@lukeforge/vocab";

type Ranges = readonly (readonly [first: number, last: number])[];
/** SHA-256, cut to 16 digits, of the ids of every hundred texts. */
interface Digests {
  readonly texts: readonly string[];
  readonly segments: readonly string[];
}
interface Answers {
  readonly wikitext: Digests;
  readonly random: Digests;
}
/** What Hugging Face tokenizers answered; written by `peers/encoded_ids.py`. */
interface Fixture {
  readonly seed: number;
  readonly strings: number;
  readonly batch: number;
  readonly blocks: readonly Ranges[];
  readonly strings_sha256: string;
  readonly "roberta-base": Answers;
  readonly "bert-base-cased": Answers;
}

const fixture = JSON.parse(
  readFileSync(new URL("fixtures/encoded_ids.json", import.meta.url), "utf8"),
) as Fixture;
const shared = new URL("../../shared/data/", import.meta.url).pathname;
const wikitext = `${shared}text/wikitext-2-test.txt.gz`;
const SPACES = [" ", " ", " ", " ", "  ", "\n", "\u3000", ""];

/** The linear congruential generator of the fixture's script. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state >>> 8) * limit / 2 ** 24);
  };
}

function randomString(below: (limit: number) => number, blocks: readonly Ranges[]): string {
  let text = "";
  for (let words = 1 + below(8); words > 0; words--) {
    const chosen = [0, 1].map(() => blocks[below(3) === 0 ? 0 : below(blocks.length)] ?? []);
    for (let characters = 1 + below(10); characters > 0; characters--) {
      const ranges = chosen[below(2)] ?? [];
      const [first, last] = ranges[below(ranges.length)] ?? [0, 0];
      text += String.fromCodePoint(first + below(last - first + 1));
    }
    text += SPACES[below(8)];
  }
  return text;
}

function randomStrings(): string[] {
  const below = generator(fixture.seed);
  return Array.from({ length: fixture.strings }, () => randomString(below, fixture.blocks));
}

function digests(texts: readonly string[], encode: (text: string) => readonly number[]): string[] {
  const result: string[] = [];
  for (let at = 0; at < texts.length; at += fixture.batch) {
    const lines = texts.slice(at, at + fixture.batch).map((text) => encode(text).join(" "));
    result.push(createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16));
  }
  return result;
}

Deno.test("the random strings are those that Hugging Face tokenizers encoded", () => {
  equal(createHash("sha256").update(randomStrings().join("")).digest("hex"), fixture.strings_sha256);
});

for (const name of ["roberta-base", "bert-base-cased"] as const) {
  const directory = `${shared}tokenizers/${name}`;
  for (const [what, needed] of [["random", directory], ["wikitext", wikitext]] as const) {
    Deno.test({
      name: `Tokenizer of ${name} has the ids of Hugging Face tokenizers: ${
        what === "random" ? "10,000 random strings" : "all of WikiText-2 test"
      }`,
      ignore: !existsSync(directory) || !existsSync(needed),
      async fn() {
        const tokenizer = await openTokenizer(directory);
        const texts = what === "random"
          ? randomStrings()
          : gunzipSync(readFileSync(wikitext)).toString().split("\n");
        const theirs = fixture[name][what];
        deepEqual(digests(texts, (text) => tokenizer.encodeText(text).ids), theirs.texts);
        deepEqual(digests(texts, (text) => tokenizer.encodeSegment(text, false)), theirs.segments);
        const copy = new SegmentTokenizer(tokenizer.segmentTokenizerData());
        deepEqual(digests(texts, (text) => copy.encodeSegment(text, false)), theirs.segments);
      },
    });
  }
}
