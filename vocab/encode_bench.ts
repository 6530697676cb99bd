// The speed of encoding WikiText-2 (2.4 MB), where ../shared/data is. `deno bench -A vocab/encode_bench.ts`
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { openTokenizer } from "./open_tokenizer.ts";

const shared = new URL("../../shared/data/", import.meta.url).pathname;
const files = ["valid", "test"].map((part) => `${shared}text/wikitext-2-${part}.txt.gz`).filter((path) =>
  existsSync(path)
);
const lines = files.flatMap((path) => gunzipSync(readFileSync(path)).toString().split("\n"));
for (const name of ["roberta-base", "bert-base-cased"]) {
  const directory = `${shared}tokenizers/${name}`;
  if (lines.length === 0 || !existsSync(directory)) continue;
  const tokenizer = await openTokenizer(directory);
  Deno.bench(`encodeSegment() of WikiText-2, ${name}`, () => {
    for (const line of lines) tokenizer.encodeSegment(line, false);
  });
  Deno.bench(`encodeText() of WikiText-2, ${name}`, () => {
    for (const line of lines) tokenizer.encodeText(line);
  });
}
