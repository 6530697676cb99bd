import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import {
  ARCHIVE_COMPRESSIONS,
  type ArchiveCompression,
  type ArchivedModel,
  writeModelArchive,
} from "@lukeforge/train";
import { convertModel } from "../convert/convert_model.ts";
import { openConvertedModel } from "../convert/converted_model.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { duration } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options extends HubOptions {
  readonly compress: string;
  readonly bertModelName?: string;
}

/** `create-model-archive`: a model → an archive of LUKE's own repository. */
export function createModelArchiveCommand(reporter: Reporter): Command {
  const command = new Command("create-model-archive")
    .summary("model -> archive of LUKE's own repository")
    .description(
      "Packs pytorch_model.bin, the entity vocabulary and metadata.json without its arguments into a tar. A .bin beside a " +
        "metadata.json goes in as it is; anything else that is a LUKE, runs of pretrain too, is converted.",
    )
    .argument(
      "<MODEL_FILE>",
      "weights, directory, run of pretrain or checkpoint of it, or name on the model hub",
    )
    .argument("<OUT_FILE>", "archive; .tar or .tar.gz is added where it is missing")
    .option("--compress <kind>", '"" (none) or gz', "")
    .option("--bert-model-name <name>", "base model, where the model does not name it");
  HUB_OPTIONS.addTo(command);
  return command.action(async (name: string, output: string, options: Options) => {
    const compression = compressionOf(options.compress);
    const ending = compression === "" ? ".tar" : `.tar.${compression}`;
    const path = output.endsWith(ending) ? output : output + ending;
    if (existsSync(path)) throw new UserError(`${path}: exists already; remove it or name another output`);
    const { path: source } = await HUB_OPTIONS.fetch(name, options, reporter);
    const begun = performance.now();
    const plain = originalFiles(source);
    if (plain !== undefined) await writeModelArchive(path, plain, compression);
    else await archiveConverted(source, path, compression, options, reporter);
    reporter.line(`${path}: written (${duration((performance.now() - begun) / 1000)})`);
  });
}

function compressionOf(text: string): ArchiveCompression {
  const found = ARCHIVE_COMPRESSIONS.find((kind) => kind === text);
  if (found !== undefined) return found;
  throw new UserError(
    text === "bz2" || text === "xz"
      ? `--compress ${text}: is not written here; take gz, or compress the .tar by ${
        text === "xz" ? "xz" : "bzip2"
      }`
      : `--compress ${text}: give "" (none) or gz`,
  );
}

/** The files of a model that is in the repository's layout already. */
function originalFiles(source: string): ArchivedModel | undefined {
  const directory = dirname(source);
  const metadata = join(directory, "metadata.json");
  if (!source.endsWith(".bin") || !existsSync(source) || !existsSync(metadata)) return undefined;
  const entityVocab = ["entity_vocab.tsv", "entity_vocab.jsonl"].map((name) => join(directory, name))
    .find((file) => existsSync(file));
  return entityVocab === undefined ? undefined : { weights: source, entityVocab, metadata };
}

async function archiveConverted(
  source: string,
  path: string,
  compression: ArchiveCompression,
  { bertModelName }: Options,
  reporter: Reporter,
): Promise<void> {
  using model = openConvertedModel(source);
  for (const notice of model.notices) reporter.line(notice);
  const directory = `${path}.model.partial`;
  rmSync(directory, { recursive: true, force: true });
  try {
    await convertModel(model, directory, "original", { bertModelName });
    await writeModelArchive(path, {
      weights: join(directory, "pytorch_model.bin"),
      entityVocab: join(directory, "entity_vocab.jsonl"),
      metadata: join(directory, "metadata.json"),
    }, compression);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
