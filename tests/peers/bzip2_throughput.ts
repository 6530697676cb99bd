/**
 * `deno run -A tests/peers/bzip2_throughput.ts DUMP.bz2 [WORKERS…]`: how fast the file is decoded with each number of workers (1 and the
 * number of processors unless told), and by the `bzip2` program where there is one; its first blocks one by one, by us and by libbz2, by
 * turns; and what finding the blocks alone takes. Rates are megabytes of output a second, by the clock and by processor time: the
 * latter holds on a busy machine.
 */
import { createReadStream } from "node:fs";
import process from "node:process";
import { decompressBzip2 } from "@lukeforge/corpus";
import { type Bzip2Block, decodeBzip2Block } from "../../corpus/bzip2_block.ts";
import { bzip2Pieces } from "../../corpus/bzip2_pieces.ts";
import { decompressWithLibbz2, frameBlock } from "./libbz2.ts";

const [dump, ...counts] = Deno.args;
if (dump === undefined) {
  console.error("give DUMP.bz2");
  Deno.exit(2);
}
const workerCounts = counts.length > 0 ? counts.map(Number) : [1, navigator.hardwareConcurrency];
const FIRST_BLOCKS = 40;
const TURNS = 3;

const open = (): AsyncIterable<Uint8Array> => createReadStream(dump, { highWaterMark: 1 << 20 });

function report(what: string, bytes: number, wall: number, cpu: number): void {
  const rate = (seconds: number): string => `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`.padStart(12);
  console.log(`${what.padEnd(24)} ${rate(wall)} by the clock ${rate(cpu)} by processor time`);
}

async function measure(what: string, work: () => number | Promise<number>): Promise<void> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const bytes = await work();
  const { user, system } = process.cpuUsage(before);
  report(what, bytes, (performance.now() - begun) / 1e3, (user + system) / 1e6);
}

let size = 0;
for (const workers of workerCounts) {
  await measure(`${workers} at once`, async () => {
    size = 0;
    for await (const bytes of decompressBzip2(open(), { name: dump, workers })) size += bytes.length;
    return size;
  });
}

const blocks: Bzip2Block[] = [];
for await (const piece of bzip2Pieces(open())) {
  if (piece.kind === "block" && blocks.push(piece) === FIRST_BLOCKS) break;
}
const framed = blocks.map(frameBlock);
const sum = (outputs: readonly (Uint8Array | undefined)[]): number =>
  outputs.reduce((total, output) => total + (output?.length ?? 0), 0);
for (let turn = 0; turn < TURNS; turn++) {
  await measure("blocks, ours", () => sum(blocks.map(decodeBzip2Block)));
  await measure("blocks, libbz2", () => sum(framed.map(decompressWithLibbz2)));
}

await measure("finding blocks (input)", async () => {
  let bytes = 0;
  for await (const piece of bzip2Pieces(open())) bytes += piece.bytes.length;
  return bytes;
});
try {
  const begun = performance.now();
  const { stderr } = await new Deno.Command("bash", {
    args: ["-c", `TIMEFORMAT='%U %S'; time bzip2 -dc "$0" >/dev/null`, dump],
    stdout: "null",
  }).output();
  const [user = NaN, system = NaN] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  report("the program bzip2", size, (performance.now() - begun) / 1e3, user + system);
} catch {
  console.log("no bash to time the program bzip2 with");
}
