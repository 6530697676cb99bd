/**
 * `build-dump-db` beside wikipedia2vec's, by turns on one machine; then ours on a larger dump beside decoding its bzip2 alone.
 *
 *     deno run -A tests/peers/compare_dump_db.ts --python VENV/bin/python --dump SMALL.xml.bz2 [--large LARGE.xml.bz2]
 *       [--turns 3] [--workers N] [--chunk-size 100]
 *
 * Both dumps can be made with `large_dump.ts`, the larger of at least 300 MB. Throughput is in megabytes (10⁶) of XML a second; each
 * build of ours is a process of its own, whose peak of resident memory is read from /proc (Linux). wikipedia2vec is started
 * before it is timed, ours is timed with its start.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** What one build of ours took. */
interface Build {
  readonly seconds: number;
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
  let peak = 0;
  const watch = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), 20);
  const { code } = await child.status;
  clearInterval(watch);
  if (code !== 0) throw new Error(`build-dump-db ended with ${code}`);
  return { seconds: (performance.now() - begun) / 1000, peak, bytes: statSync(out).size };
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

/** Seconds and bytes of decoding `dump` with as many threads. */
async function decode(dump: string): Promise<{ seconds: number; bytes: number }> {
  const begun = performance.now();
  let bytes = 0;
  for await (const chunk of decompressBzip2(createReadStream(dump, { highWaterMark: 1 << 20 }))) {
    bytes += chunk.length;
  }
  return { seconds: (performance.now() - begun) / 1000, bytes };
}

const MB = 1e6;
const rate = (bytes: number, seconds: number[]): number => bytes / MB / median(seconds);
const all = (values: number[], unit = "s"): string =>
  values.map((value) => `${value.toFixed(1)} ${unit}`).join(", ");

try {
  console.log(`${cpus()[0]?.model}, ${navigator.hardwareConcurrency} cores, --workers ${workers}`);
  const small = await decode(dump);
  {
    const theirs: number[] = [];
    const ours: number[] = [];
    using peer = await Peer.start(values.python, "build_dump_db.py", [dump, workers, values["chunk-size"]]);
    for (let turn = 0; turn < turns; turn++) {
      theirs.push(await peer.turn(1) / 1000);
      ours.push((await build(dump)).seconds);
    }
    console.log(`${basename(dump)}: ${(small.bytes / MB).toFixed(1)} MB of XML`);
    console.log(
      `  ${peer.about.peer}: ${rate(small.bytes, theirs).toFixed(2)} MB/s (${
        all(theirs)
      }; ${peer.about.device})`,
    );
    console.log(`  lukeforge: ${rate(small.bytes, ours).toFixed(1)} MB/s (${all(ours)})`);
    console.log(`  ratio: ${(median(theirs) / median(ours)).toFixed(1)}`);
    if (large !== undefined) await compareLarge(large, rate(small.bytes, theirs));
  }
} finally {
  rmSync(directory, { recursive: true });
}

/** Our build of `large`, alternating with decoding alone. */
async function compareLarge(large: string, theirRate: number): Promise<void> {
  const decodings: number[] = [];
  const builds: Build[] = [];
  let bytes = 0;
  for (let turn = 0; turn < turns; turn++) {
    const decoding = await decode(large);
    bytes = decoding.bytes;
    decodings.push(decoding.seconds);
    builds.push(await build(large));
  }
  const seconds = builds.map((build) => build.seconds);
  const ours = rate(bytes, seconds);
  const { peak } = await build(dump ?? large);
  console.log(`${basename(large)}: ${(bytes / MB).toFixed(1)} MB of XML`);
  console.log(`  decoding bzip2 alone: ${rate(bytes, decodings).toFixed(1)} MB/s (${all(decodings)})`);
  console.log(`  lukeforge: ${ours.toFixed(1)} MB/s (${all(seconds)})`);
  console.log(`  by decoding alone: ${(100 * ours / rate(bytes, decodings)).toFixed(0)} %`);
  console.log(`  by wikipedia2vec's MB/s on ${basename(dump ?? "")}: ${(ours / theirRate).toFixed(1)}`);
  const peaks = builds.map((build) => build.peak / MB);
  console.log(`  peak memory: ${all(peaks, "MB")}; of ${basename(dump ?? "")} ${all([peak / MB], "MB")}`);
  console.log(`  pages.db: ${((builds[0]?.bytes ?? 0) / bytes).toFixed(2)} of the XML's size`);
}
