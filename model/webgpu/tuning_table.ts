/** The variants that were measured to be the fastest on one adapter, by class of kernel and shape. */
export type TuningTable = Readonly<Record<string, string>>;

/** Where tables of tuning are kept between processes. */
export interface TuningStore {
  /** What was written last, undefined where there is nothing. */
  read(): string | undefined;
  /** Replaces it. */
  write(text: string): void;
}

/** What the text of a store begins with; a table of another version is not used. */
const VERSION = 1;

/** What a store knows an adapter by: two WebGPUs of one adapter compile differently. */
export function tuningAdapter(kind: string, description: string): string {
  return `${kind}: ${description}`;
}

/** The table of an adapter in a store; empty where there is none, or none that can be read. */
export function readTuning(store: TuningStore, adapter: string): TuningTable {
  return tables(store.read())[adapter] ?? {};
}

/** Adds what was measured on an adapter to the store, over what it knew before. */
export function writeTuning(store: TuningStore, adapter: string, table: TuningTable): void {
  const known = tables(store.read());
  const adapters = { ...known, [adapter]: { ...known[adapter], ...table } };
  store.write(JSON.stringify({ version: VERSION, adapters }, null, 2) + "\n");
}

/** A short name of a table's contents, for the record of a run: another table may give other bits. */
export function tuningName(table: TuningTable): string {
  const entries = Object.entries(table).sort(([a], [b]) => a < b ? -1 : 1);
  if (entries.length === 0) return "built-in";
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(entries)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return `tuned ${hash.toString(16).padStart(8, "0")}`;
}

/** Whether a store holds what is no table of any version: a run then goes as if nothing was ever tuned, which is worth saying. */
export function isTuningDamaged(store: TuningStore): boolean {
  const text = store.read();
  if (text === undefined) return false;
  try {
    const { version, adapters } = JSON.parse(text);
    return typeof version !== "number" || (version === VERSION && !isTables(adapters));
  } catch {
    return true;
  }
}

function tables(text: string | undefined): Readonly<Record<string, TuningTable>> {
  if (text === undefined) return {};
  try {
    const { version, adapters } = JSON.parse(text);
    return version === VERSION && isTables(adapters) ? adapters : {};
  } catch {
    return {}; // measured again with the next tuning
  }
}

function isTables(value: unknown): value is Readonly<Record<string, TuningTable>> {
  const isObject = (object: unknown): object is Record<string, unknown> =>
    typeof object === "object" && object !== null;
  return isObject(value) &&
    Object.values(value).every((table) =>
      isObject(table) && Object.values(table).every((name) => typeof name === "string")
    );
}
