import {
  type BatchCapacity,
  type Format,
  type KernelTotal,
  largestBatch,
  listDispatches,
  type ListedDispatch,
  type LukeConfig,
  lukeMemory,
  lukeParameters,
  type LukeTrainingOptions,
  type MemoryReport,
  planCapacity,
  planLuke,
  totalsByKernel,
} from "@lukeforge/model";
import { parameterCount } from "./pretrain_training.ts";

/** What a plan of a network can show. */
export type PlanPart = "training" | "update" | "evaluation";

/** What is to be planned. */
export interface PlanRequest {
  readonly config: LukeConfig;
  /** A full micro-batch of so many items. */
  readonly capacityOf: (rows: number) => BatchCapacity;
  /** Items that are computed at once. */
  readonly rows: number;
  readonly training: LukeTrainingOptions;
  /** What the operands of linear layers are rounded to; f32 unless told. */
  readonly precision?: Format;
  /** The parts that are wanted. */
  readonly parts: readonly PlanPart[];
  /** Bytes of the device for which the largest batch is sought. */
  readonly deviceMemory?: number;
}

/** One recorded list. */
export interface PlannedList {
  readonly part: PlanPart;
  readonly dispatches: readonly ListedDispatch[];
  readonly totals: readonly KernelTotal[];
}

/** What a network does and takes. */
export interface NetworkPlan {
  readonly config: LukeConfig;
  readonly capacity: BatchCapacity;
  readonly recompute: boolean;
  readonly precision: Format;
  /** Scalars in all parameters. */
  readonly parameters: number;
  readonly lists: readonly PlannedList[];
  /** Of training; of evaluation where only that is wanted. */
  readonly memory: MemoryReport;
  /** The most items at once that fit into the device memory, where that was given. */
  readonly largestBatch?: number;
}

/** Plans a network without a device. Throws a RangeError or a DeviceError for one that cannot be had. */
export async function planNetwork(request: PlanRequest): Promise<NetworkPlan> {
  const { config, capacityOf, rows, training, precision = "f32", parts, deviceMemory } = request;
  const lists: PlannedList[] = [];
  const learns = parts.includes("training") || parts.includes("update");
  const capacity = planCapacity(capacityOf(rows), config, learns);
  const options = { config, precision, ...(learns && { training }) };
  const memory = await lukeMemory({ ...options, capacity });
  if (learns) {
    // The micro-step of the one capacity is compiled first, the update last.
    const programs = [...(await planLuke({ ...options, capacity })).programs];
    for (const [part, program] of [["training", programs[0]], ["update", programs.at(-1)]] as const) {
      if (program && parts.includes(part)) lists.push(listed(part, listDispatches(program.dispatches)));
    }
  }
  if (parts.includes("evaluation")) {
    const [program] = (await planLuke({ config, precision, capacity })).programs;
    if (program) lists.push(listed("evaluation", listDispatches(program.dispatches)));
  }
  return {
    config,
    capacity,
    recompute: training.recompute ?? false,
    precision,
    parameters: parameterCount(lukeParameters(config)),
    lists,
    memory,
    ...(deviceMemory !== undefined && {
      largestBatch: await largestBatch(
        async (rows) => (await lukeMemory({ ...options, capacity: capacityOf(rows) })).bytes,
        deviceMemory,
      ),
    }),
  };
}

function listed(part: PlanPart, dispatches: readonly ListedDispatch[]): PlannedList {
  return { part, dispatches, totals: totalsByKernel(dispatches) };
}

/** What a plan has when it is only looked at: how AdamW is tuned changes nothing of it. */
export const PLAIN_TRAINING: LukeTrainingOptions = {
  gradientAccumulationSteps: 1,
  optimizer: { betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0.01, biasCorrection: false, maxGradNorm: 1 },
};
