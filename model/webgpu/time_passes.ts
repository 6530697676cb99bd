import type { DispatchTimes } from "../device.ts";
import type { Grid } from "./workgroups.ts";

/** One dispatch, ready to be encoded. */
export interface Pass {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Grid;
}

/** A query set holds at most 4,096 timestamps, and a pass writes two. */
const PASSES_PER_SET = 2048;

/** Runs passes in order, each by itself, and times them: by timestamps of the device where it has them, else by the host's clock. */
export async function timePasses(
  device: GPUDevice,
  passes: readonly (Pass | undefined)[],
): Promise<DispatchTimes> {
  return device.features.has("timestamp-query")
    ? { milliseconds: await deviceTimes(device, passes), clock: "device" }
    : { milliseconds: await hostTimes(device, passes), clock: "host" };
}

async function deviceTimes(device: GPUDevice, passes: readonly (Pass | undefined)[]): Promise<Float64Array> {
  const milliseconds = new Float64Array(passes.length);
  for (let first = 0; first < passes.length; first += PASSES_PER_SET) {
    const chunk = passes.slice(first, first + PASSES_PER_SET);
    const count = 2 * chunk.length;
    const querySet = device.createQuerySet({ type: "timestamp", count });
    const size = 8 * count;
    const resolved = device.createBuffer({
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    try {
      const encoder = device.createCommandEncoder();
      chunk.forEach((pass, i) =>
        encodePass(encoder, pass, {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        })
      );
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
      staging.unmap();
      chunk.forEach((pass, i) => {
        const nanoseconds = (stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n);
        milliseconds[first + i] = pass ? Number(nanoseconds) / 1e6 : 0;
      });
    } finally {
      querySet.destroy();
      resolved.destroy();
      staging.destroy();
    }
  }
  return milliseconds;
}

// Waiting has a price of its own (10 ms in Deno): that of an empty submission is taken off.
async function hostTimes(device: GPUDevice, passes: readonly (Pass | undefined)[]): Promise<Float64Array> {
  const submit = async (pass: Pass | undefined): Promise<number> => {
    const begin = performance.now();
    const encoder = device.createCommandEncoder();
    encodePass(encoder, pass);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - begin;
  };
  await submit(undefined);
  const wait = Math.min(await submit(undefined), await submit(undefined));
  const milliseconds = new Float64Array(passes.length);
  for (const [i, pass] of passes.entries()) {
    if (pass) milliseconds[i] = Math.max(0, await submit(pass) - wait);
  }
  return milliseconds;
}

function encodePass(
  encoder: GPUCommandEncoder,
  pass: Pass | undefined,
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  if (!pass) return;
  const encoding = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
  encoding.setPipeline(pass.pipeline);
  encoding.setBindGroup(0, pass.bindGroup);
  encoding.dispatchWorkgroups(...pass.grid);
  encoding.end();
}
