/**
 * Holds a tokenizer of ours against what transformers answered (`tokenizer_answers.py`): ids, places, decoded texts.
 *
 *     deno run -A tests/peers/compare_tokenizers.ts DIRECTORY answers.jsonl
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { openTokenizer } from "@lukeforge/vocab";
import { compareWithAnswer, type TokenizerAnswer } from "../tokenizer_answer.ts";

const [directory = "", file = ""] = Deno.args;
const tokenizer = await openTokenizer(directory);
const differences = new Map<string, string[]>();
let texts = 0;
for await (const line of createInterface({ input: createReadStream(file) })) {
  const answer = JSON.parse(line) as TokenizerAnswer;
  texts++;
  for (const { what, detail } of compareWithAnswer(tokenizer, answer)) {
    const known = differences.get(what) ?? [];
    if (known.length === 0) differences.set(what, known);
    known.push(detail);
  }
}
console.log(`${texts} texts`);
for (const [what, details] of differences) {
  console.log(`${what}: ${details.length} differ`);
  for (const detail of details.slice(0, 5)) console.log(`  ${detail}`);
}
if (differences.size > 0) Deno.exit(1);
