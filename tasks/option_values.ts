import { InvalidArgumentError, Option } from "commander";

/** Reads a whole number of at least `least` from the command line. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+]?\d+(e\d+)?$/i.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`give a whole number of at least ${least}.`);
    }
    return value;
  };
}

/** Reads a number from `least` to `most`. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!(Number.isFinite(value) && value >= least && value <= most)) {
      throw new InvalidArgumentError(
        most === Infinity ? `give a number of at least ${least}.` : `give a number from ${least} to ${most}.`,
      );
    }
    return value;
  };
}

/** Reads a number of bytes: `8GiB`, `512MB`, `4e9`. */
export function byteCount(text: string): number {
  const [, digits = "", unit = "", binary] =
    /^(\d+(?:\.\d+)?(?:e\d+)?)\s*(?:([kmgt])(i?)b?|b)?$/i.exec(text.trim()) ?? [];
  const power = unit === "" ? 0 : "kmgt".indexOf(unit.toLowerCase()) + 1;
  const bytes = digits === "" ? NaN : Number(digits) * (binary ? 1024 : 1000) ** power;
  if (!(bytes >= 1 && Number.isFinite(bytes))) throw new InvalidArgumentError("give bytes, such as 8GiB.");
  return Math.floor(bytes);
}

/** `--max-shard-size`, as the same option of transformers. */
export function maxShardSizeOption(): Option {
  return new Option("--max-shard-size <bytes>", "more goes into several files").argParser(byteCount)
    .default(byteCount("5GB"), "5GB");
}

/** Reads one of `choices`. */
export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`give one of ${choices.join(", ")}.`);
    return found;
  };
}

/** Reads a language as the addresses of Wikipedias have it: `en`, `zh-yue`; one that no Wikipedia has is taken, too. */
export function languageCode(text: string): string {
  if (/^[a-z]{2,}(?:-[a-z0-9]+)*$/.test(text)) return text;
  throw new InvalidArgumentError("give it as the address of its Wikipedia does, such as en or zh-yue.");
}

/** Collects the values of an option that may be repeated. */
export function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], text];
}
