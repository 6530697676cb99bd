import { Command } from "commander";
import { ModelUpload } from "../hub/upload_model.ts";
import type { PlannedFile } from "../hub/upload_plan.ts";
import { duration, ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly dryRun: boolean;
  readonly revision: string;
  readonly create?: true;
  readonly private?: true;
  readonly commitMessage: string;
  readonly trainingState?: true;
}

/** `upload`: a model's directory → a repository of the model hub. */
export function uploadCommand(reporter: Reporter): Command {
  return new Command("upload")
    .summary("model directory -> repository of the Hugging Face hub (a dry run unless --no-dry-run)")
    .description(
      "Checks a model's directory and shows what of it the repository lacks; with --no-dry-run it is sent, as one commit. The " +
        "same command continues an upload that was stopped. HF_TOKEN holds the token; HF_ENDPOINT names another hub.",
    )
    .argument(
      "<DIR>",
      "model directory: config.json, model.safetensors, README.md, tokenizer and entity vocabulary",
    )
    .argument("<REPO>", "OWNER/NAME")
    .option("--no-dry-run", "send the files; without it nothing is sent")
    .option("--create", "make the repository, or the branch, where it is not there")
    .option("--private", "a repository that is made is private")
    .option("--revision <branch>", "branch", "main")
    .option("--commit-message <text>", "first line of the commit", "Upload model")
    .option("--training-state", "also checkpoints, optimizer states and the like")
    .action((directory: string, repository: string, options: Options) =>
      upload(directory, repository, options, reporter)
    );
}

async function upload(
  directory: string,
  repository: string,
  { revision, commitMessage, dryRun, ...options }: Options,
  reporter: Reporter,
): Promise<void> {
  const line = new ProgressLine(reporter.progress, "upload", "MB");
  const prepared = await ModelUpload.prepare(directory, repository, {
    ...options,
    branch: revision,
    message: commitMessage,
    progress: (done, total) => line.update(done, total),
    notice(text) {
      line.clear();
      reporter.line(text);
    },
  });
  for (const text of planLines(directory, prepared, options)) reporter.line(text);
  const { missing } = prepared;
  if (missing.length === 0) {
    reporter.line("nothing to send: all files are there already");
    return;
  }
  if (dryRun) {
    reporter.line("dry run: nothing was sent; --no-dry-run sends it");
    return;
  }
  const begun = performance.now();
  try {
    const commit = await prepared.send();
    line.clear();
    const seconds = (performance.now() - begun) / 1000;
    reporter.line(`sent: ${prepared.target.endpoint}/${repository}/commit/${commit} (${duration(seconds)})`);
  } finally {
    line.clear();
  }
}

/** The plan for people: where, every file with its size and fate, the sum. */
function planLines(
  directory: string,
  { plan, target, local, missing, isAnonymous }: ModelUpload,
  options: { readonly create?: true; readonly private?: true },
): string[] {
  const { repository, branch, endpoint } = target;
  const { create } = options;
  const state = plan.branchExists
    ? (plan.isPrivate ? "private" : "public")
    : plan.repositoryExists
    ? (create ? "a new branch" : "no such branch; --create makes it")
    : create
    ? (options.private ? "a new private repository" : "a new repository")
    : isAnonymous
    ? "no such public repository; --create makes it, HF_TOKEN shows private ones"
    : "no such repository; --create makes it";
  const lines = [`${directory} -> ${endpoint}/${repository}, branch ${branch}: ${state}`];
  const width = Math.max(...plan.files.map(({ name }) => name.length));
  for (const file of plan.files) {
    lines.push(`  ${bytesText(file.size).padStart(8)}  ${file.name.padEnd(width)}  ${fate(file)}`);
  }
  for (const name of local.leftOut) {
    lines.push(`  left out: ${name} (state of a training; --training-state takes it along)`);
  }
  if (plan.others.length > 0) lines.push(`  stays there: ${plan.others.join(", ")}`);
  if (missing.length === 0) return lines;
  const sum = (files: readonly PlannedFile[]): number => files.reduce((total, { size }) => total + size, 0);
  const large = missing.filter(({ lfs }) => lfs);
  lines.push(
    `${missing.length} of ${plan.files.length} files to send: ${bytesText(sum(missing))}, ${
      bytesText(sum(large))
    } of them in LFS`,
  );
  return lines;
}

function fate({ state, lfs }: PlannedFile): string {
  const where = lfs ? ", LFS" : "";
  return state === "same" ? "the same already" : `${state}${where}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const unit = bytes < 1e6 ? "kB" : bytes < 1e9 ? "MB" : "GB";
  const value = bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit];
  return `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} ${unit}`;
}
