/**
 * `build-wikipedia-pretraining-dataset` beside LUKE's own, by turns on one machine.
 *
 *     deno run -A tests/peers/compare_build_dataset.ts --luke CHECKOUT --python VENV/bin/python --dump DUMP --tokenizer DIR
 *       [--turns 3] [--vocab-size 10000] [--workers N] [--chunk-size 10]
 *
 * CHECKOUT is one of github.com/studio-ousia/luke. Each side reads a page database of its own build from the same dump, with an
 * entity vocabulary of its own build of the same size, and the same tokenizer; sentences without entities are kept, all else is
 * as by default. LUKE's programs are started before they are timed, ours is timed with its start. Memory is that of all processes
 * of a side, shared pages once (Linux). Where other programs compete for the processors, compare the seconds that these worked.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "@lukeforge/model/bench";
import { Peer } from "./peer.ts";
import { peakMemory } from "./process_memory.ts";

const { values } = parseArgs({
  options: {
    luke: { type: "string" },
    python: { type: "string", default: "python3" },
    dump: { type: "string" },
    tokenizer: { type: "string" },
    turns: { type: "string", default: "3" },
    "vocab-size": { type: "string", default: "10000" },
    workers: { type: "string", default: String(navigator.hardwareConcurrency) },
    "chunk-size": { type: "string", default: "10" },
  },
});
const { luke, python, dump, tokenizer, workers, "vocab-size": vocabSize } = values;
if (luke === undefined || dump === undefined || tokenizer === undefined) {
  throw new RangeError("give --luke, --dump and --tokenizer");
}
const directory = mkdtempSync(join(tmpdir(), "compare-build-dataset-"));
const main = fileURLToPath(new URL("../../tasks/main.ts", import.meta.url));

/** What one build took and made. */
interface Build {
  /** Seconds by the clock. */
  readonly clock: number;
  /** Seconds of all processors together. */
  readonly processor: number;
  /** Peak of resident memory, in bytes. */
  readonly peak: number;
  readonly items: number;
  /** Without `[CLS]` and `[SEP]`. */
  readonly tokens: number;
  readonly entities: number;
}

/** Runs a command of ours: a process of its own. */
async function run(...args: string[]): Promise<{ clock: number; processor: number; peak: number }> {
  // The shell says what time the process worked, which it has to end for.
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const begun = performance.now();
  const child = new Deno.Command("bash", {
    args: ["-c", script, "bash", Deno.execPath(), "run", "-A", "--no-check", main, ...args],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { result: { code, stderr }, peak } = await peakMemory(child.pid, child.output());
  const clock = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  const [user = 0, system = 0] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  return { clock, processor: user + system, peak };
}

const [pagesDB, entityVocab] = [join(directory, "pages.db"), join(directory, "entity_vocab.jsonl")];

async function buildOurs(dumpDB: string, tokenizer: string): Promise<Build> {
  const output = join(directory, "dataset");
  rmSync(output, { recursive: true, force: true });
  const times = await run(
    "build-wikipedia-pretraining-dataset",
    ...[dumpDB, tokenizer, entityVocab, output],
    ...["--include-sentences-without-entities", "--workers", workers],
  );
  const made = JSON.parse(readFileSync(join(output, "metadata.json"), "utf8"));
  const { number_of_items: items, total_words: tokens, total_entities: entities } = made;
  return { ...times, items, tokens, entities };
}

async function buildTheirs(peer: Peer): Promise<Build> {
  const { result, peak } = await peakMemory(peer.pid, peer.answer(1));
  const { milliseconds, processorMilliseconds = NaN, items = NaN, tokens = NaN, entities = NaN } = result;
  return {
    clock: milliseconds / 1000,
    processor: processorMilliseconds / 1000,
    peak,
    items,
    tokens,
    entities,
  };
}

const rate = (builds: readonly Build[], of: "clock" | "processor"): number =>
  median(builds.map((build) => build.tokens / build[of]));

function print(name: string, builds: readonly Build[]): void {
  const { items = 0, tokens = 0, entities = 0 } = builds[0] ?? {};
  const times = builds.map(({ clock, processor }) =>
    `${clock.toFixed(1)} s, processors ${processor.toFixed(1)} s`
  );
  console.log(`  ${name}: ${items} items, ${tokens} tokens, ${entities} entities`);
  console.log(`    ${rate(builds, "clock").toFixed(0)} tokens/s by the clock (${times.join("; ")})`);
  console.log(`    ${rate(builds, "processor").toFixed(0)} tokens/s of a processor's time`);
  console.log(`    peak memory ${builds.map(({ peak }) => `${(peak / 1e6).toFixed(0)} MB`).join(", ")}`);
}

try {
  console.log(`${cpus()[0]?.model}, ${navigator.hardwareConcurrency} cores, --workers ${workers}`);
  await run("build-dump-db", dump, pagesDB);
  await run("build-entity-vocab", pagesDB, entityVocab, "--vocab-size", vocabSize);
  const entities = readFileSync(entityVocab, "utf8").trimEnd().split("\n").length;
  const [theirs, ours]: [Build[], Build[]] = [[], []];
  {
    const args = [luke, dump, tokenizer, directory, vocabSize, workers, values["chunk-size"]];
    using peer = await Peer.start(python, "build_dataset_luke.py", args);
    for (let turn = 0; turn < Number(values.turns); turn++) {
      theirs.push(await buildTheirs(peer));
      ours.push(await buildOurs(pagesDB, tokenizer));
    }
    console.log(`${basename(dump)}, ${basename(tokenizer)}`);
    print(`${peer.about.peer}, ${peer.about.device}`, theirs);
  }
  print(`lukeforge, ${workers} workers, ${entities} entities`, ours);
  const ratio = (of: "clock" | "processor"): string => (rate(ours, of) / rate(theirs, of)).toFixed(2);
  console.log(`  ratio: ${ratio("clock")} by the clock, ${ratio("processor")} by the processors' time`);
} finally {
  rmSync(directory, { recursive: true });
}
