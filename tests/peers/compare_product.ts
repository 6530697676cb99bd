/**
 * A matrix product x wT of ours beside PyTorch's, by turns on one machine; prints both and their ratio.
 *
 *     deno run -A tests/peers/compare_product.ts --python VENV/bin/python [--product 512x768x768] [--device cpu] [--threads 2]
 *       [--blas wasm|system|auto] [--precision f32|f16|bf16]
 *       [--turns 9] [--json] [-- --device cuda --precision bf16]
 *
 * What follows `--` goes to product_time.py.
 */
import { parseArgs } from "node:util";
import { BLAS_CHOICES, DEVICE_KINDS, FORMATS, openDevice } from "@lukeforge/model";
import { alternate, median, productContender } from "@lukeforge/model/bench";
import { Peer } from "./peer.ts";

/** Products in a row of one turn. */
const REPEATS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    product: { type: "string", default: "512x768x768" },
    device: { type: "string", default: "cpu" },
    threads: { type: "string" },
    blas: { type: "string", default: "wasm" },
    precision: { type: "string", default: "f32" },
    turns: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
  },
});
const kind = DEVICE_KINDS.find((known) => known === values.device);
const blas = BLAS_CHOICES.find((known) => known === values.blas);
const precision = FORMATS.find((known) => known === values.precision);
if (!kind || !blas || !precision) {
  throw new RangeError(`devices: ${DEVICE_KINDS}; blas: ${BLAS_CHOICES}; precisions: ${FORMATS}`);
}
const [m = 0, n = 0, k = 0] = values.product.split("x").map(Number);
const threads = values.threads === undefined ? [] : ["--threads", values.threads];

const device = await openDevice(kind, {
  blas,
  ...(values.threads !== undefined && { threads: Number(values.threads) }),
});
{
  using product = await productContender(device, "x wT", [m, n, k], precision);
  using peer = await Peer.start(values.python, "product_time.py", [
    ...[m, n, k].map(String),
    ...threads,
    ...positionals,
  ]);
  const [ours = [], theirs = []] = await alternate(
    [
      {
        name: "ours",
        work: product.work,
        async run() {
          let sum = 0;
          for (let i = 0; i < REPEATS; i++) sum += await product.run();
          return sum / REPEATS;
        },
      },
      { name: "theirs", work: product.work, run: () => peer.turn(REPEATS) },
    ],
    Number(values.turns),
  );
  const rate = (times: readonly number[]): number => product.work / median(times) / 1e6;
  const report = {
    product: [m, n, k],
    precision,
    device: device.description,
    ...{ peer: peer.about.peer, peerDevice: peer.about.device },
    gflops: rate(ours),
    peerGflops: rate(theirs),
    ratio: median(theirs.map((time, i) => time / (ours[i] ?? NaN))),
  };
  if (values.json) console.log(JSON.stringify(report));
  else {
    console.log(
      `product ${m}×${n}×${k}, ours of ${precision}, median of ${values.turns} turns of ${REPEATS}`,
    );
    console.log(`ours    ${report.gflops.toFixed(1)} GFLOP/s on ${report.device}`);
    console.log(`theirs  ${report.peerGflops.toFixed(1)} GFLOP/s on ${report.peerDevice} (${report.peer})`);
    console.log(`speed of ours / theirs: ${report.ratio.toFixed(3)}`);
  }
}
device.destroy();
