import assert from "node:assert/strict";
import { AnsweringWorker } from "./answering_worker.ts";
import { UserError } from "./user_error.ts";

interface Sum {
  readonly sum: number;
}

/** Adds what it is asked to what it was told; refuses negative numbers, and stops at NaN. */
const ADDER = `
  let start = 0;
  onmessage = ({ data }) => {
    if ("start" in data) start = data.start;
    else if (data.add < 0) postMessage({ refused: "add: is negative; leave it out" });
    else if (Number.isNaN(data.add)) throw new Error("not a number");
    else postMessage({ sum: start + data.add });
  };`;

function adder(): AnsweringWorker<{ start: number } | { add: number }, Sum> {
  const url = `data:application/javascript,${encodeURIComponent(ADDER)}`;
  return new AnsweringWorker(new Worker(url, { type: "module" }), "a worker that adds");
}

Deno.test("AnsweringWorker.ask() gets the answers in order, and goes on after a refusal", async () => {
  const worker = adder();
  worker.tell({ start: 10 });
  const [first, refused, last] = [1, -1, 2].map((add) => worker.ask({ add }));
  assert.equal(worker.waiting, 3);
  assert.deepEqual(await first, { sum: 11 });
  await assert.rejects(
    refused ?? Promise.resolve(),
    (error) => error instanceof UserError && error.message === "add: is negative; leave it out",
  );
  assert.deepEqual(await last, { sum: 12 });
  assert.equal(worker.waiting, 0);
  worker.end();
});

Deno.test("AnsweringWorker.ask() rejects what a worker that stopped was asked before and is asked after", async () => {
  const worker = adder();
  const asked = [NaN, 1].map((add) => worker.ask({ add }));
  for (const answer of asked) {
    await assert.rejects(answer, /^Error: a worker that adds stopped: .*not a number/);
  }
  await assert.rejects(worker.ask({ add: 1 }), /a worker that adds stopped/);
});

Deno.test("AnsweringWorker.end() rejects what is not answered", async () => {
  const worker = adder();
  const asked = worker.ask({ add: 1 });
  worker.end();
  await assert.rejects(asked, /^Error: a worker that adds has ended/);
  await assert.rejects(worker.ask({ add: 1 }), /has ended/);
});
