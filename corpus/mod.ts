/**
 * From a Wikipedia dump to its articles as plain paragraphs with links: bzip2, XML, wikitext, and the page database that
 * vocabularies and data sets are built from.
 *
 * ```ts
 * import { parseWikitext } from "@lukeforge/corpus";
 *
 * const { paragraphs } = parseWikitext("'''Tokyo''' is the [[Capital city|capital]] of [[Japan]].");
 * console.log(paragraphs[0]?.text); // Tokyo is the capital of Japan.
 * console.log(paragraphs[0]?.links[0]); // { title: "Capital city", text: "capital", start: 13, end: 20, trail: 0 }
 * ```
 *
 * @module
 */
export { AnsweringWorker, type Refusal } from "./answering_worker.ts";
export {
  cannotWrite,
  commitRename,
  pathBeside,
  syncDirectory,
  syncFile,
  writeFileAtomic,
} from "./atomic_file.ts";
export { buildDumpDB, type BuildDumpDBOptions, type DumpDBSummary } from "./build_dump_db.ts";
export { fromCodePointOffsets, toCodePointOffsets } from "./code_points.ts";
export { type Bzip2Options, decompressBzip2 } from "./bzip2.ts";
export { describeDumpFiles, type DumpFileRecord } from "./dump_db_meta.ts";
export { decompress, readInput } from "./dump_bytes.ts";
export { DumpDB, type WikiPage } from "./dump_db.ts";
export type { PageOptions } from "./dump_rows.ts";
export type { DumpDBCounts } from "./dump_db_writer.ts";
export { type DumpPage, DumpPageParser } from "./dump_pages.ts";
export { type Dump, type DumpReaderOptions, openDump, readDump } from "./dump_reader.ts";
export type { DumpSegment } from "./dump_segments.ts";
export { isHeldOut } from "./held_out.ts";
export { TruncatedInputError, validUtf8Length } from "./input_errors.ts";
export { type Interwiki, interwikiOf } from "./interwiki.ts";
export { Namespaces } from "./namespaces.ts";
export type { Heading, Paragraph, WikiLink } from "./paragraph_builder.ts";
export { sampleDumpPath } from "./sample.ts";
export type { SiteInfo } from "./siteinfo.ts";
export { type TemplatePiece, TemplateTexts } from "./template_texts.ts";
export { normalizeTitle, type TitleRules } from "./titles.ts";
export { UserError } from "./user_error.ts";
export { type ParsedWikitext, parseWikitext, type WikitextContext } from "./wikitext.ts";
