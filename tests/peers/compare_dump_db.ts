/**
 * `build-dump-db` beside wikipedia2vec's, by turns on one machine; then ours on a larger dump beside decoding its bzip2 alone.
 *
 *     deno run -A tests/peers/compare_dump_db.ts --python VENV/bin/python --dump SMALL.xml.bz2 [--large LARGE.xml.bz2]
 *       [--turns 3] [--workers N] [--chunk-size 100]
 *
 * Both dumps can be made with `large_dump.ts`, the larger of at least 300 MB. Throughput is in megabytes (10⁶) of XML a second; each
 * build of ours is a process of its own, whose peak of resident memory is read from /proc (Linux). wikipedia2vec is started
 * before it is timed, ours is timed with its start. Where other programs compete for the processors, compare the seconds that the
 * processors worked, which are printed beside those of the clock.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import { decompressBzip2 } from "@lukeforge/corpus";
import { median } from "@lukeforge/model/bench";
import { Peer } from "./peer.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    dump: { type: "string" },
    large: { type: "string" },
    turns: { type: "string", default: "3" },
    workers: { type: "string", default: String(navigator.hardwareConcurrency) },
    "chunk-size": { type: "string", default: "100" },
  },
});
const { dump, large, workers } = values;
if (dump === undefined) throw new RangeError("give --dump");
const turns = Number(values.turns);
const directory = mkdtempSync(join(tmpdir(), "compare-dump-db-"));

/** What a piece of work took, in seconds. */
interface Times {
  /** By the clock. */
  readonly clock: number;
  /** Of all processors together. */
  readonly processor: number;
}

/** What one build of ours took. */
interface Build extends Times {
  /** Peak of resident memory. */
  readonly peak: number;
  /** Size of the page database. */
  readonly bytes: number;
}

async function build(dump: string): Promise<Build> {
  const out = join(directory, "pages.db");
  rmSync(out, { force: true });
  const main = fileURLToPath(new URL("../../tasks/main.ts", import.meta.url));
  const begun = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main, "build-dump-db", dump, out, "--workers", workers],
    stdout: "null",
    stderr: "null",
  }).spawn();
  let [peak, processor] = [0, 0];
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0));
      const [, fields = ""] = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ");
      const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
      processor = Math.max(processor, (user + system) / 100);
    } catch {
      // it has ended
    }
  };
  const watch = setInterval(look, 10);
  const { code } = await child.status;
  clearInterval(watch);
  if (code !== 0) throw new Error(`build-dump-db ended with ${code}`);
  return { clock: (performance.now() - begun) / 1000, processor, peak, bytes: statSync(out).size };
}

/** Decodes `dump` with as many threads. */
async function decode(dump: string): Promise<Times & { readonly bytes: number }> {
  const [begun, used] = [performance.now(), cpuUsage()];
  let bytes = 0;
  const file = createReadStream(dump, { highWaterMark: 1 << 20 });
  for await (const chunk of decompressBzip2(file, { workers: Number(workers) })) bytes += chunk.length;
  const { user, system } = cpuUsage(used);
  return { clock: (performance.now() - begun) / 1000, processor: (user + system) / 1e6, bytes };
}

const MB = 1e6;
const clock = (times: readonly Times[]): number => median(times.map(({ clock }) => clock));
const processor = (times: readonly Times[]): number => median(times.map(({ processor }) => processor));
const shown = (bytes: number, times: readonly Times[]): string =>
  `${(bytes / MB / clock(times)).toFixed(2)} MB/s (${
    times.map(({ clock, processor }) => `${clock.toFixed(1)} s, processors ${processor.toFixed(1)} s`).join(
      "; ",
    )
  })`;

try {
  console.log(`${cpus()[0]?.model}, ${navigator.hardwareConcurrency} cores, --workers ${workers}`);
  const small = await decode(dump);
  const [theirs, ours]: [Times[], Build[]] = [[], []];
  {
    using peer = await Peer.start(values.python, "build_dump_db.py", [dump, workers, values["chunk-size"]]);
    for (let turn = 0; turn < turns; turn++) {
      const { milliseconds, processorMilliseconds = NaN } = await peer.answer(1);
      theirs.push({ clock: milliseconds / 1000, processor: processorMilliseconds / 1000 });
      ours.push(await build(dump));
    }
    console.log(`${basename(dump)}: ${(small.bytes / MB).toFixed(1)} MB of XML`);
    console.log(`  ${peer.about.peer}, ${peer.about.device}: ${shown(small.bytes, theirs)}`);
  }
  console.log(`  lukeforge: ${shown(small.bytes, ours)}, peak memory ${megabytes(ours)}`);
  console.log(`  ratio: ${ratio(theirs, ours)}`);
  if (large !== undefined) await compareLarge(large, small.bytes, theirs);
} finally {
  rmSync(directory, { recursive: true });
}

/** Our build of `large`, by turns with decoding alone; wikipedia2vec's times are those of a dump of `smallBytes`. */
async function compareLarge(large: string, smallBytes: number, theirs: readonly Times[]): Promise<void> {
  const [decodings, builds]: [Times[], Build[]] = [[], []];
  let bytes = 0;
  for (let turn = 0; turn < turns; turn++) {
    const decoding = await decode(large);
    bytes = decoding.bytes;
    decodings.push(decoding);
    builds.push(await build(large));
  }
  console.log(`${basename(large)}: ${(bytes / MB).toFixed(1)} MB of XML`);
  console.log(`  decoding bzip2 alone: ${shown(bytes, decodings)}`);
  console.log(`  lukeforge: ${shown(bytes, builds)}, peak memory ${megabytes(builds)}`);
  console.log(`  throughput by that of decoding alone: ${ratio(decodings, builds)}`);
  const scaled = theirs.map(({ clock, processor }) => ({
    clock: clock * bytes / smallBytes,
    processor: processor * bytes / smallBytes,
  }));
  console.log(`  throughput by wikipedia2vec's on ${basename(dump ?? "")}: ${ratio(scaled, builds)}`);
  console.log(`  pages.db: ${((builds[0]?.bytes ?? 0) / bytes).toFixed(2)} of the XML's size`);
}

function ratio(slow: readonly Times[], fast: readonly Times[]): string {
  const byProcessors = processor(slow) / processor(fast);
  return `${(clock(slow) / clock(fast)).toFixed(2)} by the clock, ${
    byProcessors.toFixed(2)
  } by the processors' time`;
}

function megabytes(builds: readonly Build[]): string {
  return builds.map(({ peak }) => `${(peak / MB).toFixed(0)} MB`).join(", ");
}
