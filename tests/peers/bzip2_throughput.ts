/**
 * `deno run -A tests/peers/bzip2_throughput.ts DUMP.bz2 [WORKERS…]`: how fast the file is decoded with each number of workers (1 and the
 * number of processors unless told), by libbz2 and by WebAssembly, and by the `bzip2` program where there is one; and what finding the
 * blocks alone takes. Rates are megabytes of output a second, by the clock and by processor time: the latter holds on a busy machine.
 */
import { createReadStream } from "node:fs";
import process from "node:process";
import { decompressBzip2 } from "@lukeforge/corpus";
import { bzip2Pieces } from "../../corpus/bzip2_pieces.ts";

const [dump, ...counts] = Deno.args;
if (dump === undefined) {
  console.error("give DUMP.bz2");
  Deno.exit(2);
}
const workerCounts = counts.length > 0 ? counts.map(Number) : [1, navigator.hardwareConcurrency];

const open = (): AsyncIterable<Uint8Array> => createReadStream(dump, { highWaterMark: 1 << 20 });

function report(what: string, bytes: number, wall: number, cpu: number): void {
  const rate = (seconds: number): string => `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`.padStart(12);
  console.log(`${what.padEnd(24)} ${rate(wall)} by the clock ${rate(cpu)} by processor time`);
}

async function measure(what: string, work: () => Promise<number>): Promise<void> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const bytes = await work();
  const { user, system } = process.cpuUsage(before);
  report(what, bytes, (performance.now() - begun) / 1e3, (user + system) / 1e6);
}

let size = 0;
for (const decoder of ["libbz2", "wasm"] as const) {
  for (const workers of workerCounts) {
    await measure(`${decoder}, ${workers} at once`, async () => {
      size = 0;
      for await (const bytes of decompressBzip2(open(), { name: dump, decoder, workers })) {
        size += bytes.length;
      }
      return size;
    });
  }
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
