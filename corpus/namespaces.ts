import { namespaceAliases } from "./namespace_aliases.ts";

/** Numbers of the namespaces that the reader treats specially. */
export const NAMESPACE = { media: -2, main: 0, file: 6, category: 14 } as const;

/** The names that every MediaWiki knows, beside its localised ones. */
const canonical: Record<string, number> = {
  "media": -2,
  "special": -1,
  "talk": 1,
  "user": 2,
  "user talk": 3,
  "project": 4,
  "wikipedia": 4,
  "project talk": 5,
  "wikipedia talk": 5,
  "file": 6,
  "image": 6,
  "file talk": 7,
  "image talk": 7,
  "mediawiki": 8,
  "mediawiki talk": 9,
  "template": 10,
  "template talk": 11,
  "help": 12,
  "help talk": 13,
  "category": 14,
  "category talk": 15,
  "portal": 100,
  "portal talk": 101,
  "draft": 118,
  "draft talk": 119,
  "timedtext": 710,
  "module": 828,
  "module talk": 829,
};

/** Maps the prefixes of titles to namespace numbers. */
export class Namespaces {
  readonly #byName = new Map<string, number>();
  readonly #names = new Map<number, string>();
  readonly #caseSensitive: ReadonlySet<number>;

  /**
   * The namespaces of a wiki.
   *
   * @param local number and name, from the header of its dump
   * @param language code of its language, for former names of the file and category namespaces
   * @param caseSensitive those whose titles keep the case of their first letter
   */
  constructor(
    local: Iterable<readonly [number, string]> = [],
    language = "",
    caseSensitive: Iterable<number> = [],
  ) {
    const { files, categories } = namespaceAliases(language);
    for (const alias of files) this.#byName.set(alias, NAMESPACE.file);
    for (const alias of categories) this.#byName.set(alias, NAMESPACE.category);
    for (const [name, number] of Object.entries(canonical)) this.#byName.set(name, number);
    for (const [number, name] of local) {
      if (name === "") continue;
      this.#byName.set(key(name), number);
      this.#names.set(number, name);
    }
    this.#caseSensitive = new Set(caseSensitive);
  }

  /** The namespace of `title`: the number of its prefix before the first colon; 0 when that names none. */
  of(title: string): number {
    const colon = title.indexOf(":");
    if (colon <= 0) return NAMESPACE.main;
    return this.#byName.get(key(title.slice(0, colon))) ?? NAMESPACE.main;
  }

  /** The name of namespace `number` on this wiki, as its titles begin; undefined where the header names none. */
  nameOf(number: number): string | undefined {
    return this.#names.get(number);
  }

  /** Whether titles of namespace `number` keep the case of their first letter. */
  isCaseSensitive(number: number): boolean {
    return this.#caseSensitive.has(number);
  }

  /** All names of namespace `number`, in lower case, spaces for underscores. */
  namesOf(number: number): string[] {
    return [...this.#byName].filter(([, value]) => value === number).map(([name]) => name);
  }
}

function key(name: string): string {
  return name.replace(/[_\s]+/g, " ").trim().toLowerCase();
}
