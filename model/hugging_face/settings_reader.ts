import { WeightsError } from "../weights/weights_error.ts";

/** Ids are 32 bit integers, so that no table has more rows. */
const MAX_SIZE = 2 ** 31 - 1;

/** The fields of a configuration file, checked as they are read. Errors name the file, the field, its value and what is expected. */
export class SettingsReader {
  /** The file, for messages. */
  readonly source: string;
  readonly #settings: Readonly<Record<string, unknown>>;

  /** Reads `settings`, which come from the file `source`. */
  constructor(settings: Readonly<Record<string, unknown>>, source: string) {
    this.#settings = settings;
    this.source = source;
  }

  /** The error for a field that cannot be used. */
  error(field: string, remedy: string): WeightsError {
    return new WeightsError(`${this.source}: ${field} is ${this.#shown(field)}; ${remedy}`);
  }

  #shown(field: string): string {
    const value = JSON.stringify(this.#settings[field]) ?? "missing";
    return value.length > 80 ? `${value.slice(0, 77)}...` : value;
  }

  /** A field as it stands. */
  get(field: string): unknown {
    return this.#settings[field];
  }

  /** An integer from `least` to `most`. Throws a WeightsError for anything else. */
  count(field: string, fallback: number, least = 1, most = MAX_SIZE): number {
    const value = this.#settings[field] ?? (field in this.#settings ? null : fallback);
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.error(field, `it must be an integer from ${least} to ${most}`);
  }

  /** A finite number from `least` to `most`. Throws a WeightsError for anything else. */
  number(field: string, fallback: number, least: number, most: number): number {
    const value = this.#settings[field] ?? (field in this.#settings ? null : fallback);
    if (typeof value === "number" && value >= least && value <= most) return value;
    throw this.error(
      field,
      `it must be a number ${most === Infinity ? `from ${least} on` : `from ${least} to ${most}`}`,
    );
  }

  /** A boolean; absent and null are the fallback. Throws a WeightsError for anything else. */
  flag(field: string, fallback: boolean): boolean {
    const value = this.#settings[field] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.error(field, "it must be true or false");
  }

  /** Throws a WeightsError unless the field is absent, null or one of `supported`. */
  only(field: string, supported: readonly unknown[], remedy: string): void {
    const value = this.#settings[field] ?? supported[0];
    if (!supported.includes(value)) throw this.error(field, remedy);
  }
}
