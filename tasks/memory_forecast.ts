import { UserError } from "@lukeforge/corpus";
import {
  type BatchCapacity,
  type Device,
  DeviceError,
  type Format,
  largestBatch,
  type LukeConfig,
  lukeMemory,
  type LukeTrainingOptions,
  type MemoryReport,
} from "@lukeforge/model";
import { quantity } from "./progress.ts";

/** A training to be. */
export interface PlannedTraining {
  readonly config: LukeConfig;
  readonly training: LukeTrainingOptions;
  readonly precision?: Format;
  /** Items that are computed at once. */
  readonly microBatchSize: number;
  /** Items of an update. */
  readonly batchSize: number;
  /** Full micro-batches of so many items, the largest first; each kind has activations of its own. */
  readonly capacitiesOf: (rows: number) => readonly BatchCapacity[];
  readonly device: Device;
  /** Bytes that the device has for it, where that is known. */
  readonly available: number | undefined;
}

/**
 * Where the memory of a training will go, and how many items would fit, in a line for the log.
 *
 * @throws {UserError} when the device has not enough, with what to do.
 */
export async function forecastMemory(planned: PlannedTraining): Promise<string> {
  const { config, training, precision = "f32", microBatchSize, capacitiesOf, device, available } = planned;
  const { maxBindingBytes, maxBufferBytes } = device;
  const report = async (rows: number, recompute = training.recompute ?? false): Promise<MemoryReport> => {
    const [largest, ...others] = await Promise.all(
      capacitiesOf(rows).map((capacity) =>
        lukeMemory({
          config,
          capacity,
          training: { ...training, recompute },
          precision,
          maxBindingBytes,
          maxBufferBytes,
        })
      ),
    );
    if (largest === undefined) throw new RangeError("no capacity");
    return others.reduce(withPlan, largest);
  };
  const most = (recompute?: boolean): Promise<number> =>
    largestBatch(async (rows) => (await report(rows, recompute)).bytes, available ?? Number.MAX_SAFE_INTEGER);

  const needed = await report(microBatchSize).catch((error) => {
    if (error instanceof DeviceError) return error;
    throw error;
  });
  if (needed instanceof DeviceError) {
    const rows = await most(); // of those that no buffer is too small for, even where memory is not known
    throw new UserError(
      `--micro-batch-size ${microBatchSize}: ${needed.message} (${device.description}): ${
        rows > 0
          ? `give --micro-batch-size ${largestDivisor(planned.batchSize, rows)}`
          : "make the network smaller or take another --device"
      }`,
    );
  }
  const shown = reportText(needed);
  if (available === undefined) {
    return `memory: ${shown}; what ${device.description} has is not known (--device-memory)`;
  }
  const fitting = await most();
  if (needed.bytes <= available) {
    return `memory: ${shown} of ${bytesText(available)}; micro-batches of ${
      quantity(microBatchSize)
    } items, ` +
      `${quantity(fitting)} would fit`;
  }
  const remedies = fitting > 0
    ? [`give --micro-batch-size ${largestDivisor(planned.batchSize, fitting)}`]
    : [];
  if (!training.recompute) {
    const recomputing = await most(true);
    if (recomputing >= microBatchSize) remedies.push("give --recompute");
    else if (recomputing > 0) {
      const size = largestDivisor(planned.batchSize, recomputing);
      if (fitting === 0 || size > largestDivisor(planned.batchSize, fitting)) {
        remedies.push(`give --recompute and --micro-batch-size ${size}`);
      }
    }
  }
  if (remedies.length === 0) remedies.push("make the network smaller or take another --device");
  throw new UserError(
    `--micro-batch-size ${microBatchSize}: needs ${shown}, the ${device.kind} device has ${
      bytesText(available)
    }: ` +
      `${remedies.join(", or ")}`,
  );
}

/** Parts that every plan has for itself. */
const OF_A_PLAN: readonly string[] = ["activations", "inputs", "outputs"];

/** A network with one plan more. */
function withPlan(report: MemoryReport, other: MemoryReport): MemoryReport {
  const own = (name: string): number =>
    OF_A_PLAN.includes(name) ? other.parts.find((part) => part.name === name)?.bytes ?? 0 : 0;
  const parts = report.parts.map(({ name, bytes }) => ({ name, bytes: bytes + own(name) }));
  return { ...report, parts, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The whole, and in the same unit the parts that matter. */
function reportText({ bytes, parts }: MemoryReport): string {
  const merged = new Map<string, number>();
  for (const part of parts) {
    const name = part.bytes < 0.01 * bytes
      ? "other"
      : part.name.replace(/^(first|second) moments$/, "moments");
    merged.set(name, (merged.get(name) ?? 0) + part.bytes);
  }
  const scale = unitOf(bytes);
  const shown = [...merged].filter(([, part]) => part >= 0.01 * bytes).sort(([, a], [, b]) => b - a)
    .map(([name, part]) => `${name} ${quantity(part / scale.bytes)}`);
  return `${bytesText(bytes)} (${shown.join(", ")})`;
}

function largestDivisor(of: number, atMost: number): number {
  for (let divisor = Math.min(of, atMost); divisor > 1; divisor--) if (of % divisor === 0) return divisor;
  return 1;
}

/** Bytes for people: `19.2 MiB`. */
export function bytesText(bytes: number): string {
  const unit = unitOf(bytes);
  return `${quantity(bytes / unit.bytes)} ${unit.name}`;
}

function unitOf(bytes: number): { name: string; bytes: number } {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), names.length - 1);
  return { name: names[power] ?? "B", bytes: 2 ** (10 * power) };
}
