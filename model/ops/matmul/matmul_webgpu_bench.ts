/**
 * The variants of the f32 matrix product on the WebGPU adapter at hand, beside a kernel of one output an invocation, by turns:
 * `deno run -A model/ops/matmul/matmul_webgpu_bench.ts [M N K [NN|NT|TN [TURNS]]]`, 512 768 768 NT 9 unless given.
 *
 * @module
 */
import { alternate, dispatchContender, median } from "../../bench/contender.ts";
import { plainProduct } from "../../bench/product_speed.ts";
import type { Dispatch, View } from "../../device.ts";
import { openDevice } from "../../open_device.ts";
import { WebGPUDevice } from "../../webgpu/webgpu_device.ts";
import { matmulKernel } from "./matmul_kernel.ts";
import { matmulVariants } from "./matmul_variants.ts";

const [m = 512, n = 768, k = 768] = Deno.args.slice(0, 3).map(Number);
const layout = Deno.args[3] ?? "NT";
const turns = Number(Deno.args[4] ?? 9);

const device = await openDevice("webgpu");
if (!(device instanceof WebGPUDevice)) throw new Error("no WebGPU device");
const view = (label: string, length: number): View => {
  const allocation = device.allocate(label, "f32", length);
  device.write(allocation, 0, Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7)));
  return { allocation, offset: 0, length };
};
const [a, b, c] = [view("a", m * k), view("b", n * k), view("c", m * n)];
const sizes = {
  ...{ m, n, k, c_row: n, outer: 1, inner: 1, splits: 1, k_split: k, c_split: 0, accumulate: 0 },
  ...(layout === "TN" ? { a_row: 1, a_column: m } : { a_row: k, a_column: 1 }),
  ...(layout === "NT" ? { b_row: 1, b_column: k } : { b_row: n, b_column: 1 }),
  ...{ a_outer: 0, a_inner: 0, b_outer: 0, b_inner: 0, c_outer: 0, c_inner: 0 },
  ...{ has_bias: 0, alpha: 1, a_format: 0, b_format: 0, epilogue: 0 },
};
const variants = matmulVariants.list(sizes, device.adapter).map(({ name }) => name);
const contender = (name: string, dispatch: Dispatch) =>
  dispatchContender(device, name, [dispatch], {}, 2 * m * n * k);
const contenders = [
  await contender("one output an invocation", { kernel: plainProduct, views: [a, b, c], sizes: { m, n, k } }),
];
for (const variant of variants) {
  contenders.push(await contender(variant, { kernel: matmulKernel, views: [a, b, a, a, c], sizes, variant }));
}
const times = (await alternate(contenders, turns)).map(median);
const plain = times[0] ?? NaN;
console.log(`${device.description}: ${m} × ${n} × ${k} ${layout}, f32, median of ${turns}`);
contenders.forEach(({ name, work }, i) => {
  const time = times[i] ?? NaN;
  const note = name === variants[0] ? "  (built-in choice)" : "";
  console.log(
    `${name.padEnd(26)} ${(work / time / 1e6).toFixed(2).padStart(9)} GFLOP/s ${
      (plain / time).toFixed(2).padStart(7)
    } ×${note}`,
  );
});
device.destroy();
