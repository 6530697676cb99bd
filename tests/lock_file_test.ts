/** What deno.lock names is fetched by everyone at the first command, used or not. */
import assert from "node:assert/strict";

Deno.test("deno.lock names no package of hundreds of MB that few need", async () => {
  const lock = await Deno.readTextFile(new URL("../deno.lock", import.meta.url));
  for (const name of ["webgpu", "onnxruntime-node"]) {
    assert.ok(
      !lock.includes(`"npm:${name}@`),
      `${name} is in deno.lock: take it out, and import it with --no-lock`,
    );
  }
});
