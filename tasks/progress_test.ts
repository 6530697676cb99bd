import assert from "node:assert/strict";
import { duration, ProgressLine, progressText, quantity } from "./progress.ts";

Deno.test("progressText() shows share, rate and remaining time, counting the rate from where this start began", () => {
  assert.equal(
    progressText("pretraining", "steps", { done: 600, total: 1200, since: 100, seconds: 10 }),
    "pretraining: 50 % of 1,200 steps · 10 steps/s · 1 min 00 s left",
  );
  assert.equal(
    progressText("evaluation", "batches", { done: 7, total: undefined, since: 7, seconds: 2 }),
    "evaluation: 7 batches · 3.5 batches/s",
  );
  assert.equal(
    progressText("dataset", "pages", { done: 0, total: 0, since: 0, seconds: 0 }),
    "dataset: 0 pages",
  );
});

Deno.test("ProgressLine redraws one line on a terminal and prints a line every five seconds into a log", () => {
  for (const redraws of [true, false]) {
    let written = "", time = 0;
    const terminal = { write: (text: string) => written += text, redraws, columns: 40 };
    const line = new ProgressLine(terminal, "dataset", "pages", () => time);
    for (let page = 0; page <= 110; page++) {
      time = page * 100;
      line.update(page, 110);
    }
    line.clear();
    const lines = written.split(redraws ? "\r\x1b[2K" : "\n").filter((text) => text !== "");
    assert.equal(lines.length, redraws ? 111 : 2);
    assert.ok(!redraws || lines.every((text) => text.length < 40));
    assert.equal(written.endsWith(redraws ? "\r\x1b[2K" : "\n"), true);
  }
});

Deno.test("duration() and quantity() write figures for people", () => {
  assert.deepEqual([0.42, 8.25, 59.4, 185, 7800].map(duration), [
    "0.4 s",
    "8.3 s",
    "59 s",
    "3 min 05 s",
    "2 h 10 min",
  ]);
  assert.deepEqual([0.1234, 12.34, 123.4, 12345].map(quantity), ["0.123", "12.3", "123", "12,345"]);
});
