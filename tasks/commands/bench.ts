import { Command, InvalidArgumentError } from "commander";
import { UserError } from "@lukeforge/corpus";
import {
  BLAS_CHOICES,
  type BlasChoice,
  type Device,
  DEVICE_KINDS,
  type DeviceKind,
  type Format,
  FORMATS,
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  type LukeShape,
  type LukeShapeName,
  openDevice,
  withRows,
} from "@lukeforge/model";
import {
  benchGrowth,
  benchProduct,
  benchSteps,
  measureCeiling,
  type ProductShape,
  runsShaders,
} from "@lukeforge/model/bench";
import { ceilingLines, growthLines, productLines, stepLines } from "../bench_report.ts";
import { oneOf, wholeNumber } from "../option_values.ts";
import { ProgressLine } from "../progress.ts";
import { residentBytes } from "../resident_memory.ts";
import type { Reporter } from "../stage.ts";

interface Options {
  readonly device: DeviceKind;
  readonly threads?: number;
  readonly blas: BlasChoice;
  readonly shape: LukeShapeName;
  readonly rows?: number;
  readonly entityVocabSize?: number;
  readonly precision?: Format;
  readonly recompute?: true;
  readonly steps?: number;
  readonly product?: ProductShape;
  readonly growth?: true;
  readonly json?: true;
}

/** Items of a micro-batch where none is said: `base` and `large` have to fit into the 4 GiB of the cpu device. */
const ROWS_OF_LARGE_SHAPES = { cpu: 1, gpu: 8 } as const;

/** `bench`: what the device can do, and what of it a LUKE step uses. */
export function benchCommand(reporter: Reporter): Command {
  return new Command("bench")
    .summary("speed of the device, of every kernel of a LUKE step, and of whole steps")
    .option("--device <kind>", DEVICE_KINDS.join(", "), oneOf(DEVICE_KINDS), "auto")
    .option("--threads <n>", "threads of the cpu device; one a core", wholeNumber(1))
    .option(
      "--blas <choice>",
      `products on the cpu device: ${BLAS_CHOICES.join(", ")}`,
      oneOf(BLAS_CHOICES),
      "auto",
    )
    .option("--shape <name>", LUKE_SHAPE_NAMES.join(", "), oneOf(LUKE_SHAPE_NAMES), "small")
    .option("--rows <n>", "items of a micro-batch; base and large: 1 on cpu, 8 on a GPU", wholeNumber(1))
    .option("--entity-vocab-size <n>", "rows of the entity table; the shape's own", wholeNumber(4))
    .option("--precision <format>", `operands of linear layers: ${FORMATS.join(", ")}`, oneOf(FORMATS), "f32")
    .option("--recompute", "compute activations again in the reverse pass")
    .option("--steps <n>", "steps to time; as many as take ten seconds", wholeNumber(1))
    .option("--product <m>x<n>x<k>", "one matrix product instead, beside the ceiling by turns", productShape)
    .option("--growth", "memory over 1,000 steps (or --steps) of a tiny LUKE instead")
    .option("--json", "one line of JSON")
    .action(async (options: Options) => {
      const { threads, blas } = options;
      if (options.growth && options.product) {
        throw new UserError("--growth and --product: each is measured by itself; give one of them");
      }
      const device = await openDevice(options.device, { blas, ...(threads !== undefined && { threads }) });
      try {
        await bench(device, options, reporter);
      } finally {
        device.destroy();
      }
    });
}

async function bench(device: Device, options: Options, reporter: Reporter): Promise<void> {
  const head = { device: device.description, kind: device.kind, choices: device.choices };
  const print = (report: Record<string, unknown>, lines: () => readonly string[]): void => {
    if (options.json) reporter.line(JSON.stringify({ ...head, ...report }));
    else for (const text of lines()) reporter.line(text);
  };
  if (!options.json) reporter.line(`device: ${device.description}`);
  if (options.product) {
    const product = await benchProduct(device, options.product, options.precision);
    return print({ product }, () => productLines(product));
  }
  if (options.growth) {
    const growth = await benchGrowth(device, residentBytes, options.steps);
    return print({ growth }, () => growthLines(growth));
  }
  const ceiling = await measureCeiling(device);
  if (!options.json) { for (const text of ceilingLines(ceiling)) reporter.line(text); }
  const shape = chosenShape(options, runsShaders(device) ? "gpu" : "cpu");
  const line = new ProgressLine(reporter.progress, `steps of ${options.shape}`, "rounds");
  const step = await benchSteps(device, shape, ceiling, {
    ...(options.steps === undefined ? {} : { steps: options.steps }),
    precision: options.precision ?? "f32",
    recompute: options.recompute ?? false,
    progress: (done, total) => line.update(done, total),
  }).finally(() => line.clear());
  const named = { name: options.shape, precision: options.precision ?? "f32", ...shape };
  print({ ceiling, shape: named, step }, () => stepLines(named, step));
}

function chosenShape({ shape: name, rows, entityVocabSize }: Options, kind: "cpu" | "gpu"): LukeShape {
  const { config, capacity } = LUKE_SHAPES[name];
  const own = name === "base" || name === "large" ? ROWS_OF_LARGE_SHAPES[kind] : capacity.rows;
  return {
    config: entityVocabSize === undefined ? config : { ...config, entityVocabSize },
    capacity: withRows(capacity, rows ?? own),
  };
}

function productShape(text: string): ProductShape {
  const match = /^(\d+)[x×](\d+)[x×](\d+)$/.exec(text);
  const sizes = (match ?? []).slice(1).map(Number);
  const [m = 0, n = 0, k = 0] = sizes;
  if (m < 1 || n < 1 || k < 1) throw new InvalidArgumentError("give three sizes, such as 512x768x768.");
  return [m, n, k];
}
