import { existsSync } from "node:fs";
import { DumpDB, isHeldOut, sampleDumpPath, UserError } from "@lukeforge/corpus";
import {
  type BlasChoice,
  type Device,
  DeviceError,
  type DeviceKind,
  isTuningDamaged,
  openDevice,
  tuningFile,
  tuningPath,
} from "@lukeforge/model";
import { openTokenizer, type Tokenizer } from "@lukeforge/vocab";
import {
  copiedEntityVocabStage,
  copiedTokenizerStage,
  datasetStage,
  dumpDBStage,
  entityVocabStage,
} from "./corpus_stages.ts";
import { tellOfSplitter } from "./dataset_options.ts";
import { deviceMemory } from "./device_memory.ts";
import { PAGE_OPTIONS } from "./page_options.ts";
import { trainAndEvaluate } from "./pretrain_finish.ts";
import { identifyRun, type PretrainRequest } from "./pretrain_request.ts";
import type { PretrainSettings } from "./pretrain_settings.ts";
import { quantity } from "./progress.ts";
import { readResults, resultsTable } from "./results.ts";
import {
  abandonRun,
  beginRun,
  continueRun,
  openRun,
  type RunConfig,
  type RunEnvironment,
  type RunPaths,
  runPaths,
} from "./run_directory.ts";
import { RunLock } from "./run_lock.ts";
import { readRunNetwork } from "./run_network.ts";
import { RunSources } from "./run_sources.ts";
import { type Reporter, runTimed, type Stage } from "./stage.ts";
import { type StartingModel, startingModel } from "./starting_model.ts";
import { systemErrorLine } from "./system_errors.ts";
import { trainedTokenizerStage } from "./tokenizer_stage.ts";

/**
 * Takes a dump or a dataset to a trained, exported and evaluated network. Stages that are finished are not done again, and
 * training goes on from its last checkpoint, so the same request ends in the same bits however often it was interrupted.
 *
 * @returns whether the run is finished; false when the process was asked to stop before.
 * @throws {UserError} when input or options are wrong, or the output directory holds something else or is in another process's hands.
 * @throws {DeviceError} when the device cannot be had.
 */
export async function pretrain(request: PretrainRequest, reporter: Reporter): Promise<boolean> {
  const { outputDir } = request;
  const paths = runPaths(outputDir);
  const { given: { revision }, cacheDir } = request;
  const sources = new RunSources(
    { ...(revision && { revision }), ...(cacheDir !== undefined && { cacheDir }) },
    reporter,
  );
  const start = await startingModel(request.given, sources, readRunNetwork(paths.network));
  const { identity, settings } = identifyRun(request, start);
  const results = openRun(outputDir, identity) && existsSync(paths.model) && readResults(paths.results);
  if (results) {
    reporter.line(`${outputDir}: finished already`);
    for (const line of resultsTable(results, paths)) reporter.line(line);
    return true;
  }
  using _lock = RunLock.acquire(outputDir);
  const recorded = openRun(outputDir, identity); // again: another process may have worked here until now
  const kind = recorded && settings.device === "auto" ? recordedKind(recorded) : settings.device;
  const { threads } = request;
  const blas = recorded && settings.blas === "auto" ? recordedBlas(recorded) : settings.blas;
  const device = await openDevice(kind, { blas, ...(threads !== undefined && { threads }) }).catch(
    (error) => {
      if (!recorded || !(error instanceof DeviceError)) throw error;
      const [problem] = error.message.split("; or use"); // another --device would be refused, too
      throw new UserError(
        `${outputDir}: was begun on ${recorded.device.description}: ${problem}; or give another --output-dir`,
      );
    },
  );
  try {
    const environment = environmentOf(device);
    if ("variants" in environment.device.choices && isTuningDamaged(tuningFile())) {
      reporter.line(`${tuningPath()}: is damaged and not used; deno task tune makes it anew`);
    }
    if (recorded) {
      warnOfChanges(recorded, environment, reporter);
      continueRun(outputDir, recorded, identity, environment);
    } else beginRun(outputDir, identity, environment);
    sources.recordIn(outputDir);
    const available = await deviceMemory(device, request.deviceMemory);
    const data = await prepareData(request, settings, sources, start, paths, reporter);
    const { dataWorkers, dataPrefetch } = request;
    const loading = { dataWorkers, dataPrefetch };
    return await trainAndEvaluate({ ...data, device, settings, start, paths, available, loading }, reporter);
  } catch (error) {
    abandonRun(outputDir);
    const line = systemErrorLine(error);
    throw line === undefined ? error : new UserError(`${outputDir}: ${line}`);
  } finally {
    device.destroy();
  }
}

function recordedKind(config: RunConfig): DeviceKind {
  const { kind } = config.device;
  return kind === "webgpu" || kind === "dawn" ? kind : "cpu";
}

/** A run that began with the products of WebAssembly keeps them; one that began with a library goes on with it where it still is. */
function recordedBlas(config: RunConfig): BlasChoice {
  return config.device.choices["blas"] === "wasm" ? "wasm" : "auto";
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
      `${what} is not the one that the run began with (${before}, now ${after}): results may differ in the last bits`,
    );
  }
}

/** Directories of training and held-out data. */
interface PreparedData {
  readonly training: readonly string[];
  /** None: no evaluation. */
  readonly heldOut: readonly string[];
}

async function prepareData(
  request: PretrainRequest,
  settings: PretrainSettings,
  sources: RunSources,
  start: StartingModel | undefined,
  paths: RunPaths,
  reporter: Reporter,
): Promise<PreparedData> {
  const { input } = request;
  if ("datasetDirs" in input) return { training: input.datasetDirs, heldOut: input.heldOutDatasetDirs };
  const { heldOutFraction } = settings;
  const split = { heldOutFraction };
  const { language } = input;
  const dumpOptions = { ...PAGE_OPTIONS.parsedBy(settings), ...(language !== undefined && { language }) };
  const inputs = { pagesDB: paths.pagesDB, tokenizer: paths.tokenizer, entityVocab: paths.entityVocab };
  const { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength } = settings;
  const { sentenceSplitter, includeSentencesWithoutEntities } = settings;
  tellOfSplitter(sentenceSplitter, reporter);
  const lengths = { maxSeqLength, maxEntityLength, maxMentionLength, minSentenceLength };
  const itemOptions = { ...lengths, sentenceSplitter, includeSentencesWithoutEntities };
  // Opened before the first stage, so that a wrong path is told at once; not needed any more when the copy is there.
  const given = settings.tokenizer === null || existsSync(paths.tokenizer) ? undefined : {
    name: settings.tokenizer,
    tokenizer: await tokenizerOf(settings.tokenizer, request, sources, start),
  };
  await runTimed(
    dumpDBStage(input.dump ?? sampleDumpPath(), paths.pagesDB, dumpOptions),
    paths.stageTimes,
    reporter,
  );
  checkSplit(paths.pagesDB, heldOutFraction);
  const stages: Stage[] = [
    given === undefined
      ? trainedTokenizerStage([paths.pagesDB], paths.tokenizer, {
        type: "wordpiece",
        vocabSize: settings.vocabSize,
        split,
      })
      : copiedTokenizerStage(given.tokenizer, given.name, paths.tokenizer),
    settings.entityVocab === null
      ? entityVocabStage(paths.pagesDB, paths.entityVocab, {
        ...split,
        vocabSize: settings.entityVocabSize,
        minCount: settings.minCount,
      })
      : copiedEntityVocabStage(settings.entityVocab, sources, paths.entityVocab),
    datasetStage(inputs, paths.dataset, split, itemOptions),
  ];
  for (const stage of stages) await runTimed(stage, paths.stageTimes, reporter);
  if (heldOutFraction === 0) return { training: [paths.dataset], heldOut: [] };
  try {
    await runTimed(
      datasetStage(inputs, paths.heldOut, { heldOutFraction, heldOut: true }, itemOptions),
      paths.stageTimes,
      reporter,
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [reason] = error.message.split(";"); // what follows is about the training pages' options
    throw new UserError(
      `--held-out-fraction ${heldOutFraction}: no data set of the held-out pages: ${reason}; give another share, or 0 for no ` +
        "evaluation, and another --output-dir",
    );
  }
  return { training: [paths.dataset], heldOut: [paths.heldOut] };
}

/** The tokenizer that is named, or that of the model that the run starts from. */
async function tokenizerOf(
  name: string,
  { given }: PretrainRequest,
  sources: RunSources,
  start: StartingModel | undefined,
): Promise<Tokenizer> {
  const path = await sources.locate(name, "tokenizer");
  try {
    return await openTokenizer(path);
  } catch (error) {
    if (start === undefined || given.tokenizer || !(error instanceof UserError)) throw error;
    const [reason] = error.message.split(";"); // its remedy is about a directory of tokenizers
    throw new UserError(`${start.named}: ${reason}; name the model's tokenizer by --tokenizer`);
  }
}

/** A split that leaves a side empty is told before anything is made by it. */
function checkSplit(pagesDB: string, heldOutFraction: number): void {
  if (heldOutFraction === 0) return;
  using db = DumpDB.open(pagesDB);
  const sides = new Set<boolean>();
  for (const title of db.titles()) {
    if (sides.add(isHeldOut(title, heldOutFraction)).size === 2) return;
  }
  throw new UserError(
    `--held-out-fraction ${heldOutFraction}: ${sides.has(true) ? "takes all" : "takes none"} of the ${
      quantity(db.pageCount)
    } pages; give another share, or 0 for no evaluation`,
  );
}
