import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { lukePlanCommand } from "./luke_plan.ts";

function model(kind: string): string {
  return fileURLToPath(new URL(`../../tests/fixtures/hugging_face/${kind}`, import.meta.url));
}

async function printed(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const progress = { write: () => {}, redraws: false, columns: 80 };
  const command = lukePlanCommand({ line: (text) => lines.push(text), progress });
  await command.parseAsync(args, { from: "user" });
  return lines;
}

Deno.test("luke-plan --model takes the network of a model, in a micro-batch that it has places for", async () => {
  const [network, batch] = await printed("--model", model("bert"), "--summary", "--rows", "3");
  assert.equal(
    network,
    "network of words of 12,289 parameters: 2 layers of 24 (3 heads, feed-forward 44), 57 words",
  );
  assert.equal(batch, "micro-batch: 3 items of 32 words, 15 words to predict");
  const [luke] = await printed("--model", model("luke_untied"), "--summary", "--evaluation");
  assert.match(luke ?? "", /^LUKE of .* 59 words with a decoder of their own, 23 entities of 24$/);
});

Deno.test("luke-plan takes one network only", async () => {
  await assert.rejects(
    printed("--model", model("bert"), "--shape", "base"),
    /--shape and --model: .*one of them/,
  );
});
