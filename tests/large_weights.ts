/**
 * Writes and reads files of weights larger than the memory that they may take, one format after the other, and prints time and the
 * growth of the process: `deno run -A tests/large_weights.ts [GB] [DIRECTORY]`. Fails when a value is wrong, or the process grows by
 * more than 256 MB.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights, type StoredTensor, writeTorchWeights, writeWeights } from "@lukeforge/model";

const COLUMNS = 1024;
const TENSORS = 4;
const PIECE_ELEMENTS = 1 << 20;
const MAX_GROWTH_MB = 256;

const [gigabytes = "1.2", parent = tmpdir()] = Deno.args;
const rows = Math.ceil(Number(gigabytes) * 1e9 / 4 / COLUMNS / TENSORS);
const count = rows * COLUMNS;

/** Whole numbers that f32 holds, another sequence for each tensor. */
function element(tensor: number, index: number): number {
  return (index * 7 + tensor) % 16_777_213;
}

const tensors = new Map(Array.from({ length: TENSORS }, (_, t): [string, StoredTensor] => [`table.${t}`, {
  dtype: "F32",
  shape: [rows, COLUMNS],
  readFloats: (begin, end) => {
    const floats = new Float32Array(end - begin);
    for (let i = 0; i < floats.length; i++) floats[i] = element(t, begin + i);
    return floats;
  },
}]));

/** Resident memory of this process now. */
const residentMB = (): number => Deno.memoryUsage().rss / 1e6;

function measured(what: string, bytes: number, work: (sample: () => void) => void): void {
  const before = residentMB();
  let peak = before;
  const begin = performance.now();
  work(() => peak = Math.max(peak, residentMB()));
  const seconds = (performance.now() - begin) / 1000;
  const growth = peak - before;
  console.log(
    `${what}: ${(bytes / 1e9).toFixed(2)} GB in ${seconds.toFixed(1)} s, the process grew by ${
      growth.toFixed(0)
    } MB`,
  );
  if (growth > MAX_GROWTH_MB) throw new Error(`${what}: the process grew by ${growth} MB`);
}

const directory = mkdtempSync(join(parent, "large-weights-"));
try {
  for (
    const [format, name, write] of [
      [
        "safetensors",
        "model.safetensors",
        (path: string, onProgress: () => void) =>
          writeWeights(join(path, ".."), tensors, { maxShardSize: Infinity, onProgress }),
      ],
      [
        "PyTorch zip",
        "pytorch_model.bin",
        (path: string, onProgress: () => void) => writeTorchWeights(path, tensors, { onProgress }),
      ],
    ] as const
  ) {
    const path = join(directory, name);
    measured(`write ${format}`, TENSORS * count * 4, (sample) => write(path, sample));
    measured(`read ${format}`, statSync(path).size, (sample) => {
      using weights = openWeights(path);
      [...tensors.keys()].forEach((name, t) => {
        const tensor = weights.tensors.get(name);
        if (tensor === undefined) throw new Error(`${name} is missing`);
        for (let begin = 0; begin < count; begin += PIECE_ELEMENTS) {
          const end = Math.min(begin + PIECE_ELEMENTS, count);
          const floats = tensor.readFloats(begin, end);
          for (const at of [begin, (begin + end) >> 1, end - 1]) {
            if (floats[at - begin] !== element(t, at)) {
              throw new Error(`${name}: element ${at} is ${floats[at - begin]}`);
            }
          }
          sample();
        }
      });
    });
    rmSync(path);
  }
} finally {
  rmSync(directory, { recursive: true });
}
