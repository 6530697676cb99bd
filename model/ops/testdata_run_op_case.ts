import type { Device, Dispatch } from "../device.ts";
import type { OpCase } from "./testdata_generators.ts";

/** Runs one case, cut as `cut` says, and returns every tensor that the kernel may write. */
export async function runOpCase(
  device: Device,
  op: OpCase,
  cut: (dispatch: Dispatch) => readonly Dispatch[] = (dispatch) => [dispatch],
): Promise<Float32Array[]> {
  const allocations = op.kernel.bindings.map((binding, i) => {
    const data = op.inputs[i] ?? new Float32Array();
    const allocation = device.allocate(binding.name, binding.dtype, Math.ceil(data.length / 64) * 64);
    device.write(allocation, 0, data as Float32Array);
    return allocation;
  });
  const views = allocations.map((allocation) => ({ allocation, offset: 0, length: allocation.length }));
  const program = await device.compile(cut({
    ...{ kernel: op.kernel, views, sizes: op.sizes },
    ...(op.variant && { variant: op.variant }),
  }));
  await device.run(program, op.scalars ?? {});
  const outputs: Float32Array[] = [];
  for (const [i, view] of views.entries()) {
    if (op.kernel.bindings[i]?.access === "read") continue;
    outputs.push((await device.read({ ...view, length: op.inputs[i]?.length ?? 0 })) as Float32Array);
  }
  device.release(program);
  for (const allocation of allocations) device.free(allocation);
  return outputs;
}

/** Largest |a − b| relative to the largest |b|: rounding of sums scales with their terms. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  let greatest = 0;
  let scale = 1e-3;
  a.forEach((value, i) => {
    const expected = b[i] ?? 0;
    if (Object.is(value, expected) || (Number.isNaN(value) && Number.isNaN(expected))) return;
    greatest = Math.max(greatest, Math.abs(value - expected));
    if (!Number.isFinite(value - expected)) greatest = Infinity;
    scale = Math.max(scale, Math.abs(expected));
  });
  return greatest / scale;
}
