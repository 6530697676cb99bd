import { sampleDumpPath, UserError } from "@lukeforge/corpus";
import { type Device, type DeviceKind, openDevice } from "@lukeforge/model";
import { openTokenizer } from "@lukeforge/vocab";
import {
  copiedTokenizerStage,
  datasetStage,
  dumpDBStage,
  entityVocabStage,
  trainedTokenizerStage,
} from "./corpus_stages.ts";
import { trainAndEvaluate } from "./pretrain_finish.ts";
import { identifyRun, type PretrainRequest } from "./pretrain_request.ts";
import type { PretrainSettings } from "./pretrain_settings.ts";
import { readResults, resultsTable } from "./results.ts";
import {
  abandonRun,
  beginRun,
  openRun,
  type RunConfig,
  type RunEnvironment,
  type RunPaths,
  runPaths,
} from "./run_directory.ts";
import { type Reporter, runTimed, type Stage } from "./stage.ts";

/**
 * Takes a dump or a dataset to a trained, exported and evaluated network. Stages that are finished are not done again, and
 * training goes on from its last checkpoint, so the same request ends in the same bits however often it was interrupted.
 *
 * @returns whether the run is finished; false when the process was asked to stop before.
 * @throws {UserError} when input or options are wrong, or the output directory holds something else.
 * @throws {DeviceError} when the device cannot be had.
 */
export async function pretrain(request: PretrainRequest, reporter: Reporter): Promise<boolean> {
  const paths = runPaths(request.outputDir);
  const { identity, settings } = identifyRun(request);
  const recorded = openRun(request.outputDir, identity);
  const results = recorded && readResults(paths.results);
  if (results !== undefined) {
    reporter.line(`${request.outputDir}: finished already`);
    for (const line of resultsTable(results, paths)) reporter.line(line);
    return true;
  }
  const kind = recorded && settings.device === "auto" ? recordedKind(recorded) : settings.device;
  const device = await openDevice(kind, request.threads === undefined ? {} : { threads: request.threads });
  try {
    const environment = environmentOf(device);
    if (recorded) warnOfChanges(recorded, environment, reporter);
    else beginRun(request.outputDir, identity, environment);
    const data = await prepareData(request, settings, paths, reporter);
    return await trainAndEvaluate({ ...data, device, settings, paths }, reporter);
  } catch (error) {
    abandonRun(request.outputDir);
    throw error;
  } finally {
    device.destroy();
  }
}

function recordedKind(config: RunConfig): DeviceKind {
  return config.device.kind === "webgpu" ? "webgpu" : "cpu";
}

function environmentOf(device: Device): RunEnvironment {
  const { kind, description, choices } = device;
  return { device: { kind, description, choices }, deno: Deno.version.deno };
}

/** A run goes on with another Deno or driver, but may not end in the same bits: that is said. */
function warnOfChanges(recorded: RunConfig, now: RunEnvironment, reporter: Reporter): void {
  const changed = [
    ["the device", JSON.stringify(recorded.device.choices), JSON.stringify(now.device.choices)],
    ["Deno", recorded.deno, now.deno],
  ].filter(([, before, after]) => before !== after);
  for (const [what, before, after] of changed) {
    reporter.line(
      `${what} is not that of config.json (${before}, now ${after}): results may differ in the last bits`,
    );
  }
}

/** Directories of training and held-out data. */
interface PreparedData {
  readonly training: string;
  readonly heldOut: string | undefined;
}

async function prepareData(
  { input }: PretrainRequest,
  settings: PretrainSettings,
  paths: RunPaths,
  reporter: Reporter,
): Promise<PreparedData> {
  if ("datasetDir" in input) return { training: input.datasetDir, heldOut: input.heldOutDatasetDir };
  const { heldOutFraction } = settings;
  const split = { heldOutFraction };
  const { language } = input;
  const inLanguage = language === undefined ? {} : { language };
  const inputs = { pagesDB: paths.pagesDB, tokenizer: paths.tokenizer, entityVocab: paths.entityVocab };
  const { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength } = settings;
  const { sentenceSplitter, includeSentencesWithoutEntities } = settings;
  const lengths = { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength };
  const itemOptions = { ...lengths, sentenceSplitter, includeSentencesWithoutEntities };
  const stages: Stage[] = [
    dumpDBStage(input.dump ?? sampleDumpPath(), paths.pagesDB, inLanguage),
    settings.tokenizer === null
      ? trainedTokenizerStage(paths.pagesDB, paths.tokenizer, split, { vocabSize: settings.vocabSize })
      : copiedTokenizerStage(await openTokenizer(settings.tokenizer), settings.tokenizer, paths.tokenizer),
    entityVocabStage(paths.pagesDB, paths.entityVocab, {
      ...split,
      vocabSize: settings.entityVocabSize,
      minCount: settings.minCount,
    }),
    datasetStage(inputs, paths.dataset, split, itemOptions),
  ];
  for (const stage of stages) await runTimed(stage, paths.stageTimes, reporter);
  if (heldOutFraction === 0) return { training: paths.dataset, heldOut: undefined };
  try {
    await runTimed(
      datasetStage(inputs, paths.heldOut, { heldOutFraction, heldOut: true }, itemOptions),
      paths.stageTimes,
      reporter,
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `held-out pages: ${error.message}; or change --held-out-fraction (0: no evaluation) and --output-dir`,
    );
  }
  return { training: paths.dataset, heldOut: paths.heldOut };
}
