import { readFileSync } from "node:fs";
import { sampleDumpPath } from "@lukeforge/corpus";

/** The sample dump with its pages `copies` times, each copy under titles of its own. */
export function repeatedSample(copies: number): string {
  const xml = readFileSync(sampleDumpPath(), "utf8");
  const first = xml.indexOf("<page>");
  const end = xml.lastIndexOf("</mediawiki>");
  const pages = xml.slice(first, end);
  const copy = (_: unknown, i: number): string =>
    i === 0 ? pages : pages.replaceAll("</title>", ` (copy ${i})</title>`);
  return xml.slice(0, first) + Array.from({ length: copies }, copy).join("") + xml.slice(end);
}
