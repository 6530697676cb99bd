/** The `index`-th argument of a script as a whole number of at least `least`; anything else ends the script with one line. */
export function countArgument(index: number, name: string, least: number, otherwise: number): number {
  const text = Deno.args[index];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  console.error(`${name}: ${text}: give a whole number of at least ${least}`);
  Deno.exit(1);
}
