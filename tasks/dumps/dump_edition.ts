/** A file of a dump, as a mirror lists it. */
export interface DumpFile {
  /** Its name, as `iswiki-20220101-pages-articles.xml.bz2`. */
  readonly name: string;
  /** Bytes; unknown where the mirror has only lists of checksums. */
  readonly size?: number;
  /** Name of the checksum in Node's crypto. */
  readonly algorithm: "sha1" | "md5";
  /** The checksum, in hexadecimal. */
  readonly digest: string;
}

/** The articles of a wiki at a date: one file, or the parts of it in order. */
export interface DumpEdition {
  /** Database name, as `iswiki`. */
  readonly wiki: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  /** In the order in which they are read. */
  readonly files: readonly DumpFile[];
}

/** The file with all articles, else the parts of it, in order; empty when there are neither. */
export function articleFiles<T extends { readonly name: string }>(
  files: readonly T[],
  wiki: string,
  date: string,
): T[] {
  const stem = `${wiki}-${date}-pages-articles`;
  const whole = files.find(({ name }) => name === `${stem}.xml.bz2`);
  if (whole !== undefined) return [whole];
  const parts = files.flatMap((file) => {
    const [, part, first = "0"] = file.name.startsWith(stem)
      ? /^(\d+)\.xml(?:-p(\d+)p\d+)?\.bz2$/.exec(file.name.slice(stem.length)) ?? []
      : [];
    return part === undefined ? [] : [{ file, part: Number(part), first: Number(first) }];
  });
  return parts.sort((a, b) => a.part - b.part || a.first - b.first).map(({ file }) => file);
}

/** What `dumpstatus.json` says of the articles: their files, or how far the mirror is with them. */
export function editionFromStatus(status: unknown, wiki: string, date: string): DumpEdition | string {
  const jobs = record(record(status)["jobs"]);
  const states: string[] = [];
  // Where a dump is made in parts, another job joins them.
  for (const name of ["articlesdumprecombine", "articlesdump"]) {
    const job = record(jobs[name]);
    const state = job["status"];
    if (typeof state === "string") states.push(state);
    if (state !== "done") continue;
    const files = Object.entries(record(job["files"])).flatMap(([name, value]): DumpFile[] => {
      const { size, sha1, md5 } = record(value);
      const algorithm = typeof sha1 === "string" ? "sha1" : "md5";
      const digest = sha1 ?? md5;
      if (typeof digest !== "string") return [];
      return [{ name, algorithm, digest, ...(typeof size === "number" && { size }) }];
    });
    const chosen = articleFiles(files, wiki, date);
    if (chosen.length > 0) return { wiki, date, files: chosen };
  }
  return states.find((state) => state !== "done") ?? "not listed";
}

/** What a list of checksums (`<digest>  <name>` a line) says of the articles; undefined when they are not in it. */
export function editionFromChecksums(
  list: string,
  algorithm: "sha1" | "md5",
  wiki: string,
  date: string,
): DumpEdition | undefined {
  const files = [...list.matchAll(/^([\da-f]{32,40})\s+\*?(\S+)$/gim)].map(([, digest = "", name = ""]) => ({
    name,
    algorithm,
    digest: digest.toLowerCase(),
  }));
  const chosen = articleFiles(files, wiki, date);
  return chosen.length > 0 ? { wiki, date, files: chosen } : undefined;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
