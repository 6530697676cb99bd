/**
 * A LUKE step of ours beside transformers' LukeForMaskedLM in PyTorch, by turns on one machine; prints both and their ratio.
 *
 *     deno run -A tests/peers/compare_step.ts --python VENV/bin/python [--shape base] [--rows 1] [--device cpu] [--threads 2]
 *       [--blas wasm|system|auto] [--precision f32|f16|bf16] [--turns 9] [--steps 1] [--json] [-- --device cuda --precision bf16 --compile …]
 *
 * What follows `--` goes to step_time.py.
 */
import { parseArgs } from "node:util";
import {
  BLAS_CHOICES,
  DEVICE_KINDS,
  FORMATS,
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  openDevice,
  withRows,
} from "@lukeforge/model";
import { alternate, median, StepRunner } from "@lukeforge/model/bench";
import { Peer } from "./peer.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    shape: { type: "string", default: "base" },
    rows: { type: "string" },
    device: { type: "string", default: "cpu" },
    threads: { type: "string" },
    blas: { type: "string", default: "wasm" },
    precision: { type: "string", default: "f32" },
    turns: { type: "string", default: "9" },
    steps: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const name = LUKE_SHAPE_NAMES.find((known) => known === values.shape);
const kind = DEVICE_KINDS.find((known) => known === values.device);
const precision = FORMATS.find((known) => known === values.precision);
const blas = BLAS_CHOICES.find((known) => known === values.blas);
if (!name || !kind || !precision || !blas) {
  throw new RangeError(
    `shapes: ${LUKE_SHAPE_NAMES}; devices: ${DEVICE_KINDS}; precisions: ${FORMATS}; blas: ${BLAS_CHOICES}`,
  );
}
const { config, capacity } = LUKE_SHAPES[name];
const shape = { config, capacity: withRows(capacity, Number(values.rows ?? capacity.rows)) };
const threads = values.threads === undefined ? [] : ["--threads", values.threads];
const steps = Number(values.steps);

const device = await openDevice(kind, {
  blas,
  ...(values.threads !== undefined && { threads: Number(values.threads) }),
});
{
  await using runner = await StepRunner.create(device, shape, { precision });
  using peer = await Peer.start(values.python, "step_time.py", [
    JSON.stringify(shape),
    ...threads,
    "--turns",
    ...positionals,
  ]);
  const [ours = [], theirs = []] = await alternate(
    [
      { name: "ours", work: 0, run: () => runner.run(steps) },
      { name: "theirs", work: 0, run: () => peer.turn(steps) },
    ],
    Number(values.turns),
  );
  const ratios = theirs.map((time, i) => time / (ours[i] ?? NaN));
  const report = {
    shape: name,
    rows: shape.capacity.rows,
    precision,
    device: device.description,
    ...{ peer: peer.about.peer, peerDevice: peer.about.device },
    milliseconds: median(ours),
    peerMilliseconds: median(theirs),
    ratio: median(ratios),
  };
  if (values.json) console.log(JSON.stringify(report));
  else {
    console.log(`LUKE ${name}, ${report.rows} rows, ours in ${precision}, median of ${values.turns} turns`);
    console.log(`ours    ${report.milliseconds.toFixed(1)} ms a step on ${report.device}`);
    console.log(`theirs  ${report.peerMilliseconds.toFixed(1)} ms on ${report.peerDevice} (${report.peer})`);
    console.log(`speed of ours / theirs: ${report.ratio.toFixed(3)}`);
  }
}
device.destroy();
