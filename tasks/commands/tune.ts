import { Command } from "commander";
import {
  DeviceError,
  type Format,
  FORMATS,
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  type LukeShapeName,
  openDevice,
  planLuke,
  tuneVariants,
  tuningAdapter,
  tuningFile,
  tuningPath,
  WebGPUDevice,
  withRows,
  writeTuning,
} from "@lukeforge/model";
import { UserError } from "@lukeforge/corpus";
import { PLAIN_TRAINING } from "../network_plan.ts";
import { oneOf, wholeNumber } from "../option_values.ts";
import { quantity } from "../progress.ts";
import type { Reporter } from "../stage.ts";

/** Devices whose kernels have variants. */
const TUNED_DEVICES = ["webgpu", "dawn"] as const;

interface Options {
  readonly device: (typeof TUNED_DEVICES)[number];
  readonly shape: LukeShapeName;
  readonly rows?: number;
  readonly precision: Format;
}

/** `tune`: the fastest variant of each matrix product of a LUKE step on this adapter, kept for later runs. */
export function tuneCommand(reporter: Reporter): Command {
  return new Command("tune")
    .summary("measure which kernels of a LUKE step are the fastest on this GPU, for later runs")
    .option("--device <kind>", TUNED_DEVICES.join(", "), oneOf(TUNED_DEVICES), "webgpu")
    .option("--shape <name>", LUKE_SHAPE_NAMES.join(", "), oneOf(LUKE_SHAPE_NAMES), "base")
    .option("--rows <n>", "items of a micro-batch; the shape's own", wholeNumber(1))
    .option("--precision <format>", `operands of linear layers: ${FORMATS.join(", ")}`, oneOf(FORMATS), "f32")
    .action(async (options: Options) => {
      const device = await openDevice(options.device).catch((error) => {
        if (!(error instanceof DeviceError)) throw error;
        const [problem] = error.message.split("; or use"); // of the devices that need no tuning
        throw new DeviceError(problem);
      });
      try {
        if (!(device instanceof WebGPUDevice)) {
          throw new UserError(`--device ${options.device} has no variants`);
        }
        await tune(device, options, reporter);
      } finally {
        device.destroy();
      }
    });
}

async function tune(device: WebGPUDevice, options: Options, reporter: Reporter): Promise<void> {
  const { config, capacity } = LUKE_SHAPES[options.shape];
  const { maxBindingBytes } = device;
  const plan = await planLuke({
    config,
    capacity: options.rows === undefined ? capacity : withRows(capacity, options.rows),
    maxBindingBytes,
    precision: options.precision,
    training: PLAIN_TRAINING,
  });
  const dispatches = [...plan.programs].flatMap((program) => program.dispatches);
  plan.destroy();
  reporter.line(`device: ${device.description}`);
  const [store, adapter] = [tuningFile(), tuningAdapter(device.kind, device.description)];
  const table = await tuneVariants(device, dispatches, {
    onClass({ key, builtIn, fastest, milliseconds }, done, total) {
      writeTuning(store, adapter, { [key]: fastest }); // at once: an interrupted tuning keeps what it has measured
      const [before, after] = [milliseconds[builtIn], milliseconds[fastest]];
      const gain = before === undefined || after === undefined
        ? ""
        : `, ${quantity(before / after)} times as fast`;
      const change = fastest === builtIn ? `${builtIn} stays` : `${fastest} for ${builtIn}${gain}`;
      reporter.line(`${done}/${total} ${key}: ${change}`);
    },
  });
  reporter.line(`${Object.keys(table).length} choices in ${tuningPath()}`);
}
