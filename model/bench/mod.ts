/**
 * How fast a device is, and what of that a LUKE step uses: ceilings, products, steps and the growth of memory, as `deno task bench`
 * prints them.
 *
 * @example What the processor can do, and how near a product comes
 * ```ts
 * import { openDevice } from "@lukeforge/model";
 * import { benchProduct, measureCeiling } from "@lukeforge/model/bench";
 *
 * const device = await openDevice("cpu", { threads: 1 });
 * console.log(await measureCeiling(device));
 * console.log(await benchProduct(device, [512, 768, 768]));
 * device.destroy();
 * ```
 *
 * @module
 */
export { type Ceiling, measureCeiling, type Measured, runsShaders } from "./ceiling.ts";
export { alternate, type Contender, median, TURNS } from "./contender.ts";
export { benchGrowth, type GrowthReport } from "./growth.ts";
export type { KernelTime } from "./kernel_times.ts";
export {
  benchProduct,
  type Layout,
  LAYOUTS,
  productContender,
  type ProductReport,
  type ProductShape,
  type Speed,
} from "./product_speed.ts";
export { benchSteps, type StepReport, StepRunner, type StepSettings } from "./step_speed.ts";
