/** What to do about errors of the operating system, by code. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "free space on the disk and run the same command again",
  EDQUOT: "free space in your quota and run the same command again",
  EACCES: "change its permissions or name another path",
  EPERM: "change its permissions or name another path",
  EROFS: "name a path that can be written",
  ENOENT: "check the path",
  ENOTDIR: "name a path whose folders are directories",
  EISDIR: "name a file",
  EEXIST: "remove it or name another path",
  ENAMETOOLONG: "name a shorter path",
  EMFILE: "allow more open files (ulimit -n) and run the same command again",
  EIO: "check the disk and run the same command again",
};

/** SQLite gives no codes of the operating system, only sentences. */
const SQLITE_REMEDIES: readonly (readonly [sentence: RegExp, remedy: string])[] = [
  [/disk is full/, "free space on the disk and run the same command again"],
  [/unable to open database file/, "check the path and the permissions of its directory"],
  [/readonly database/, "change its permissions or name another path"],
  [/disk I\/O error/, "check the disk and its free space, and run the same command again"],
];

/** The line for a failure of the disk or the file system, with a remedy; undefined for any other error. */
export function systemErrorLine(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code, message } = error;
  const remedy = code === "ERR_SQLITE_ERROR"
    ? SQLITE_REMEDIES.find(([sentence]) => sentence.test(message))?.[1]
    : REMEDIES[String(code)];
  return remedy === undefined ? undefined : `${message}; ${remedy}`;
}
