import assert from "node:assert/strict";
import { isHeldOut } from "./held_out.ts";

const titles = Array.from({ length: 20_000 }, (_, i) => `Title ${i} é`);

Deno.test("isHeldOut() takes about the fraction asked for", () => {
  for (const fraction of [0, 0.01, 0.1, 1]) {
    const share = titles.filter((title) => isHeldOut(title, fraction)).length / titles.length;
    assert.ok(
      Math.abs(share - fraction) <= 4 * Math.sqrt(fraction * (1 - fraction) / titles.length),
      `${share}`,
    );
  }
});

Deno.test("isHeldOut() keeps a smaller fraction's pages in a larger one", () => {
  assert.ok(titles.filter((title) => isHeldOut(title, 0.02)).every((title) => isHeldOut(title, 0.05)));
});

Deno.test("isHeldOut() depends on the title's SHA-256 only", () => {
  // sha256("Tokyo") starts with ec2d19168017
  assert.equal(isHeldOut("Tokyo", 0.9225), false);
  assert.equal(isHeldOut("Tokyo", 0.9226), true);
});
