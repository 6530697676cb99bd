import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { UserError } from "@lukeforge/corpus";
import { checkRoom, downloadFile, missingBytes } from "../dumps/download_file.ts";
import type { DumpEdition } from "../dumps/dump_edition.ts";
import { DumpMirror, WIKIMEDIA_MIRROR } from "../dumps/dump_mirror.ts";
import { duration, ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly date: string;
  readonly mirror: string;
}

/** `download-dump`: a wiki's articles from a mirror of Wikimedia's dumps → the file, or its parts. */
export function downloadDumpCommand(reporter: Reporter): Command {
  return new Command("download-dump")
    .summary("articles of a Wikipedia -> pages-articles dump")
    .description(
      "Downloads the pages-articles dump of a wiki and verifies its published checksum. The same command continues a " +
        "download that was stopped.",
    )
    .argument("<WIKI>", "database name of the wiki: iswiki, enwiki, …")
    .argument("[OUT]", "directory, or name of the file", ".")
    .option(
      "--date <YYYYMMDD>",
      "date of the dump, or latest: the last one that is finished",
      dumpDate,
      "latest",
    )
    .option("--mirror <url>", "server laid out as Wikimedia's", WIKIMEDIA_MIRROR)
    .action((wiki: string, out: string, options: Options) => downloadDump(wiki, out, options, reporter));
}

function dumpDate(text: string): string {
  if (text !== "latest" && !/^20\d{6}$/.test(text)) {
    throw new InvalidArgumentError("give YYYYMMDD, such as 20220101, or latest.");
  }
  return text;
}

async function downloadDump(
  wiki: string,
  out: string,
  { date, mirror: address }: Options,
  reporter: Reporter,
): Promise<void> {
  const line = new ProgressLine(reporter.progress, "download", "MB");
  const mirror = new DumpMirror(address, {
    notice(text) {
      line.clear();
      reporter.line(text);
    },
  });
  const edition = await mirror.find(wiki, date);
  const paths = outputPaths(out, edition);
  const sizes = edition.files.map(({ size }) => size ?? 0);
  const total = edition.files.every(({ size }) => size !== undefined) ? sum(sizes) : undefined;
  reporter.line(
    `${wiki} ${edition.date} at ${mirror.host}: ${paths.length === 1 ? "1 file" : `${paths.length} files`}` +
      (total === undefined ? "" : `, ${(total / 1e6).toFixed(1)} MB`),
  );
  mkdirSync(dirname(paths[0] ?? out), { recursive: true });
  checkRoom(
    dirname(paths[0] ?? out),
    sum(edition.files.map((file, i) => missingBytes(file, paths[i] ?? out))),
  );
  for (const [i, file] of edition.files.entries()) {
    const path = paths[i] ?? out;
    const before = sum(sizes.slice(0, i));
    const begun = performance.now();
    let isNew: boolean;
    try {
      isNew = await downloadFile(
        mirror,
        mirror.fileAddress(edition, file.name),
        file,
        path,
        (bytes) => line.update((before + bytes) / 1e6, total === undefined ? undefined : total / 1e6),
      );
    } finally {
      line.clear();
    }
    const { size } = statSync(path);
    reporter.line(
      isNew
        ? `${path}: ${(size / 1e6).toFixed(1)} MB, ${file.algorithm} verified (${
          duration((performance.now() - begun) / 1000)
        })`
        : `${path}: already there, ${file.algorithm} verified`,
    );
  }
}

/** Where the files go: into `out` under their names when it is a directory, else to `out` itself. */
function outputPaths(out: string, { wiki, date, files }: DumpEdition): string[] {
  const stat = statSync(out, { throwIfNoEntry: false });
  const isDirectory = stat?.isDirectory() ?? out.endsWith("/");
  if (!isDirectory && files.length > 1) {
    if (stat !== undefined || /\.(?:bz2|xml)$/.test(out)) {
      throw new UserError(`${out}: ${wiki} ${date} comes in ${files.length} files; name a directory`);
    }
    return files.map(({ name }) => join(out, name));
  }
  return isDirectory ? files.map(({ name }) => join(out, name)) : [out];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
