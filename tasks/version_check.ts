/**
 * First command of every task: stops with one line when this Deno is outside the tested range. It imports nothing and uses no
 * syntax that an older Deno cannot parse, so that the line comes before any other error.
 *
 * @module
 */

/** The tested Deno: `min` itself, and every later version below `below`. */
export const TESTED_DENO: { readonly min: string; readonly below: string } = {
  min: "2.9.6",
  below: "2.10.0",
};

/**
 * What is wrong with running `task` on Deno `version`: undefined in the tested range, else the line to print, which names a way
 * to run the task on the tested version. A release candidate of either bound is outside.
 */
export function versionError(version: string, task: string): string | undefined {
  if (compare(version, TESTED_DENO.min) >= 0 && compare(version, TESTED_DENO.below + "-0") < 0) {
    return undefined;
  }
  return "Deno " + version + " is not supported (tested: " + TESTED_DENO.min + " and later, below " +
    TESTED_DENO.below + "): run npx -y deno@" + TESTED_DENO.min + " task " + task;
}

function compare(a: string, b: string): number {
  const x = parts(a);
  const y = parts(b);
  for (let i = 0; i < x.length; i++) {
    const difference = (x[i] || 0) - (y[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Major, minor, patch, and 0 for a pre-release or 1 for a release. */
function parts(version: string): number[] {
  const dash = version.indexOf("-");
  const numbers = (dash < 0 ? version : version.slice(0, dash)).split(".").map(Number);
  return [numbers[0] || 0, numbers[1] || 0, numbers[2] || 0, dash < 0 ? 1 : 0];
}

if (import.meta.main) {
  const error = versionError(Deno.version.deno, Deno.args.join(" ") || "…");
  if (error !== undefined) {
    console.error(error);
    Deno.exit(1);
  }
}
