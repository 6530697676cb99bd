import { equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { TESTED_DENO, versionError } from "./version_check.ts";

Deno.test("versionError() accepts the tested range", () => {
  for (const version of ["2.9.6", "2.9.7", "2.9.10", "2.9.99"]) {
    equal(versionError(version, "test"), undefined);
  }
});

Deno.test("versionError() names the tested version and the task outside the range", () => {
  const outside = [
    "1.46.3",
    "2.0.0",
    "2.8.12",
    "2.9.5",
    "2.9.6-rc.1",
    "2.10.0-rc.2",
    "2.10.0",
    "2.10.1",
    "2.11.0",
    "3.0.0",
    "10.0.0",
    "",
  ];
  for (const version of outside) {
    const error = versionError(version, "pretrain") ?? "";
    match(error, /npx -y deno@2\.9\.6 task pretrain$/, version);
    equal(error.includes("\n"), false);
  }
});

Deno.test("versionError() orders versions by number, not by letter", () => {
  fc.assert(fc.property(fc.nat(30), fc.nat(30), fc.nat(30), (major, minor, patch) => {
    const tested = major === 2 && minor === 9 && patch >= 6;
    equal(versionError(`${major}.${minor}.${patch}`, "test") === undefined, tested);
  }));
});

Deno.test("versionError() accepts the Deno that runs the tests", () => {
  equal(versionError(Deno.version.deno, "test"), undefined);
});

Deno.test("version_check.ts imports nothing, so that it comes before every other error", () => {
  const source = readFileSync(new URL("./version_check.ts", import.meta.url), "utf8");
  equal(/^\s*(?:import|export)\b.*\bfrom\b|^\s*import\s*["'(]/m.test(source), false);
});

Deno.test("version_check.ts exits with code 0 on the tested version and prints nothing", async () => {
  const script = new URL("./version_check.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-lock", script, "test"],
  }).output();
  equal(code, 0);
  equal(stdout.length + stderr.length, 0);
  equal(TESTED_DENO.min, "2.9.6");
});
