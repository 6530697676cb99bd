/**
 * The command line: `deno run -A tasks/main.ts COMMAND …`, which `deno task COMMAND …` runs.
 *
 * @module
 */
import { runCommandLine } from "./cli.ts";
import { standardError } from "./progress.ts";

const code = await runCommandLine(
  Deno.args,
  { progress: standardError(), line: (text) => console.log(text) },
  (text) => console.error(text),
);
if (code !== undefined) Deno.exitCode = code;
