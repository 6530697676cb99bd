import assert from "node:assert/strict";
import { LUKE_SHAPES, withRows } from "@lukeforge/model";
import { PLAIN_TRAINING, planNetwork, type PlanPart, type PlanRequest } from "./network_plan.ts";
import { planLines } from "./network_plan_table.ts";

const { config, capacity } = LUKE_SHAPES.sample;
const request: PlanRequest = {
  config,
  capacityOf: (rows) => withRows(capacity, rows),
  rows: 8,
  training: PLAIN_TRAINING,
  parts: ["training", "update", "evaluation"],
};

Deno.test("planNetwork() lists training, update and evaluation, and finds the largest batch", async () => {
  const plan = await planNetwork({ ...request, deviceMemory: 2 ** 30 });
  assert.deepEqual(plan.lists.map(({ part }) => part), ["training", "update", "evaluation"]);
  const [training, update, evaluation] = plan.lists;
  assert.ok(training && update && evaluation);
  assert.ok(training.dispatches.length > 2 * evaluation.dispatches.length);
  assert.ok(update.dispatches.some(({ kernel }) => kernel.startsWith("adamw")));
  assert.ok(evaluation.dispatches.every(({ kernel }) => !/backward|dropout/.test(kernel)));
  assert.ok(plan.memory.bytes < 2 ** 30 && (plan.largestBatch ?? 0) > 100);
});

Deno.test("planNetwork() of an evaluation alone has no gradients and no moments", async () => {
  const { memory } = await planNetwork({ ...request, parts: ["evaluation"] });
  const names = memory.parts.map(({ name }) => name);
  assert.ok(
    names.includes("parameters") && !names.some((name) => /gradient|moment/.test(name)),
    names.join(),
  );
});

Deno.test("planNetwork() shows that recomputing repeats the forward pass of layers and saves memory", async () => {
  const training = { ...PLAIN_TRAINING, recompute: true };
  const [plain, recomputing] = [await planNetwork(request), await planNetwork({ ...request, training })];
  assert.ok(recomputing.memory.bytes < plain.memory.bytes);
  const flops = ({ lists }: typeof plain): number =>
    lists[0]?.totals.reduce((sum, total) => sum + total.flops, 0) ?? 0;
  const ratio = flops(recomputing) / flops(plain);
  assert.ok(ratio > 1.05 && ratio < 1.35, `${ratio}`);
  assert.ok(
    recomputing.lists[0]?.dispatches.some(({ tensors }) => tensors.some(({ name }) => / again$/.test(name))),
  );
});

Deno.test("planNetwork() of a network of words has neither entities nor their head, and more items fit", async () => {
  const words = { ...config, entityVocabSize: 0, tieWordEmbeddings: false };
  const deviceMemory = 2 ** 26;
  const [plain, wordsOnly] = [
    await planNetwork({ ...request, deviceMemory }),
    await planNetwork({ ...request, config: words, deviceMemory }),
  ];
  const { entities, maskedEntities } = wordsOnly.capacity;
  assert.deepEqual([entities, maskedEntities], [0, 0]);
  assert.ok((wordsOnly.largestBatch ?? 0) > (plain.largestBatch ?? Infinity));
  const tensors = wordsOnly.lists.flatMap(({ dispatches }) => dispatches.flatMap((one) => one.tensors));
  assert.ok(tensors.some(({ name }) => name.includes("lm_head.decoder.weight")));
  assert.ok(!tensors.some(({ name }) => /entit/.test(name)));
  const [network, batch] = planLines(wordsOnly, true);
  assert.match(network ?? "", /^network of words of .*, 2,000 words with a decoder of their own$/);
  assert.equal(batch, "micro-batch: 8 items of 32 words, 40 words to predict");
});

Deno.test("planLines() prints a line for each dispatch, sums by kernel and where the memory goes", async () => {
  const plan = await planNetwork({ ...request, deviceMemory: 2 ** 30 });
  const lines = planLines(plan, false);
  const [training] = plan.lists;
  assert.ok(training);
  const dispatches = lines.filter((line) => line.includes(" ← "));
  assert.ok(dispatches.length >= training.dispatches.length);
  const query = lines.find((line) => line.includes("linear(layer.0.attention.self.query) ["));
  assert.match(
    query ?? "",
    /^ +\d+ +matmul\S* +2\.62 M +\S+ [KM]iB +\S+ [KM]iB +linear\(.* \[320, 64\] @\d+.* ← /,
  );
  assert.ok(lines.some((line) => /^ +\d+ × +matmul\S* +\S+ M +\S+ MiB +\d+\.\d %$/.test(line)));
  assert.ok(lines.some((line) => /^ +\S+ [KM]iB {2}second moments$/.test(line)));
  assert.ok(lines.some((line) => /^largest micro-batch that fits: [\d,]+ items \(here 8\)$/.test(line)));

  const summary = planLines(plan, true);
  assert.ok(summary.length < 100 && !summary.some((line) => line.includes(" ← ")));
});

Deno.test("planLines() says that the fullest moment is in the training, whichever part is shown", async () => {
  const moment = async (...parts: PlanPart[]): Promise<string | undefined> =>
    planLines(await planNetwork({ ...request, parts }), true).find((line) =>
      line.startsWith("at the fullest")
    );
  assert.match(await moment("update", "evaluation") ?? "", /\(training #\d+\)/);
  assert.match(await moment("evaluation") ?? "", /\(evaluation #\d+\)/);
});
