/**
 * How fast RoBERTa's and BERT's tokenizers encode WikiText-2 on one core: ours, and the npm packages `tokenizers` (Hugging Face's
 * own, native) and `@huggingface/tokenizers` (JavaScript), which are fetched when this runs.
 *
 *     deno run -A tests/peers/tokenizer_speed.ts SHARED_DATA_DIRECTORY
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { openTokenizer } from "@lukeforge/vocab";

interface Native {
  readonly Tokenizer: {
    fromFile(path: string): { encode(text: string): Promise<{ getIds(): number[] }> };
  };
}
interface JavaScript {
  readonly Tokenizer: new (json: unknown, config: unknown) => { encode(text: string): { ids: number[] } };
}

const [shared = ""] = Deno.args;
const npm = (name: string): Promise<unknown> => import(`npm:${name}`);
const native = await npm("tokenizers@0.23.2") as Native;
const javaScript = await npm("@huggingface/tokenizers@0.2.0") as JavaScript;
const lines = ["valid", "test"].flatMap((part) =>
  gunzipSync(readFileSync(`${shared}/text/wikitext-2-${part}.txt.gz`)).toString().split("\n")
);
const megabytes = new TextEncoder().encode(lines.join("\n")).length / 1e6;

for (const name of ["roberta-base", "bert-base-cased"]) {
  const ours = await openTokenizer(`${shared}/tokenizers/${name}`);
  const directory = Deno.makeTempDirSync();
  ours.save(directory);
  const read = (file: string): unknown => JSON.parse(readFileSync(`${directory}/${file}`, "utf8"));
  const theirs = native.Tokenizer.fromFile(`${directory}/tokenizer.json`);
  const js = new javaScript.Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  const encoders: [string, (text: string) => Promise<readonly number[]> | readonly number[]][] = [
    ["encodeSegment()", (text) => ours.encodeSegment(text, false)],
    ["encodeText()", (text) => ours.encodeText(text).ids],
    ["tokenizers", async (text) => (await theirs.encode(text)).getIds()],
    ["@huggingface/tokenizers", (text) => js.encode(text).ids],
  ];
  for (const [what, encode] of encoders) {
    const rates: number[] = [];
    for (let i = 0; i < 5; i++) {
      const begun = performance.now();
      for (const line of lines) await encode(line);
      rates.push(megabytes / (performance.now() - begun) * 1000);
    }
    console.log(`${name}, ${what}: ${Math.max(...rates).toFixed(2)} MB/s, best of 5`);
  }
  Deno.removeSync(directory, { recursive: true });
}
