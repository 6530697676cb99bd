import type { LukeShape } from "@lukeforge/model";
import type { Ceiling, GrowthReport, KernelTime, ProductReport, StepReport } from "@lukeforge/model/bench";
import { quantity } from "./progress.ts";

/** Kernels with less than this share of a step are shown in one line by name, whatever their shapes. */
const SMALL_SHARE = 0.005;

/** What the device can do. */
export function ceilingLines({ gflops, gigabytes }: Ceiling): string[] {
  return [
    `ceiling: ${quantity(gflops)} GFLOP/s of f32 multiply-adds, ${quantity(gigabytes)} GB/s copied`,
  ];
}

/** Every kernel of a step, then the step. */
export function stepLines(
  { name, precision, capacity }: LukeShape & { readonly name: string; readonly precision: string },
  step: StepReport,
): string[] {
  const { rows, words, entities } = capacity;
  const kernelTime = step.kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const { measured, f32, bf16 } = step.mfu;
  const published = f32 === undefined || bf16 === undefined
    ? ""
    : `, ${percent(f32)} of the published f32 peak, ${percent(bf16)} of the bf16 matrix units'`;
  const hostShare = percent((step.host.batch + step.host.encode) / step.milliseconds);
  return [
    "",
    ...table([
      ["kernel", "shape", "times", "ms", "share", "GFLOP/s", "GB/s", "of ceiling"],
      ...kernelRows(step.kernels),
    ]),
    "",
    `${name} in ${precision}: ${quantity(step.parameters)} parameters, ${rows} rows of ${words} words and ` +
    `${entities} entities, ` +
    `${quantity(step.deviceBytes / 2 ** 20)} MiB on the device`,
    `step: ${milliseconds(step.milliseconds)} ms (median of rounds, ${step.steps} steps), ` +
    `${quantity(step.tokensPerSecond)} tokens/s, ${quantity(step.gflops)} GFLOP/s of the model`,
    `MFU: ${percent(measured)} of the measured ceiling${published}`,
    `dispatches: ${step.dispatches}, together ${milliseconds(kernelTime)} ms when timed one by one`,
    `by kind of op: ${step.kinds.map(([kind, share]) => `${kind} ${percent(share)}`).join(", ")}`,
    `host: batch laid out and written in ${milliseconds(step.host.batch)} ms, commands encoded in ` +
    `${milliseconds(step.host.encode)} ms: ${hostShare} of the step`,
  ];
}

/** One product in three layouts beside the ceiling. */
export function productLines({ shape, speeds, ofCeiling, overPlain }: ProductReport): string[] {
  const share = new Map<string, number>(Object.entries(ofCeiling));
  return [
    `product ${shape.join("×")}, by turns, medians:`,
    ...table([
      ["what", "ms", "GFLOP/s", "of ceiling"],
      ...speeds.map(({ name, milliseconds: time, gflops }) => {
        const own = share.get(name);
        return [name, milliseconds(time), quantity(gflops), own === undefined ? "" : percent(own)];
      }),
    ]),
    ...overPlain === undefined ? [] : [`x wT over one output an invocation: ${overPlain.toFixed(2)}`],
  ];
}

/** Memory over many steps. */
export function growthLines({ steps, deviceBytes: [before, after], residentBytes }: GrowthReport): string[] {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return [
    `memory over ${quantity(steps)} steps: ${after - before} bytes more on the device; resident MiB ${
      residentBytes.map(mebibytes).join(", ")
    }`,
  ];
}

function kernelRows(kernels: readonly KernelTime[]): string[][] {
  const rows = kernels.filter(({ share }) => share >= SMALL_SHARE).map((time) => row(time, time.shape));
  const small = Map.groupBy(kernels.filter(({ share }) => share < SMALL_SHARE), ({ kernel }) => kernel);
  for (const [, times] of small) {
    const [first, ...others] = times;
    if (!first) continue;
    const all = others.reduce(together, first);
    rows.push(row(all, others.length === 0 ? first.shape : `${times.length} shapes`));
  }
  return rows;
}

/** Two entries as one: rates and shares of the ceiling weighted by time. */
function together(a: KernelTime, b: KernelTime): KernelTime {
  const time = a.milliseconds + b.milliseconds;
  const mean = (x: number, y: number): number => (x * a.milliseconds + y * b.milliseconds) / time;
  return {
    ...a,
    dispatches: a.dispatches + b.dispatches,
    milliseconds: time,
    share: a.share + b.share,
    gflops: a.gflops === undefined ? undefined : mean(a.gflops, b.gflops ?? 0),
    gigabytes: mean(a.gigabytes, b.gigabytes),
    ofCeiling: mean(a.ofCeiling, b.ofCeiling),
  };
}

function row(time: KernelTime, shape: string): string[] {
  return [
    time.kernel,
    shape,
    String(time.dispatches),
    milliseconds(time.milliseconds),
    percent(time.share),
    time.gflops === undefined ? "" : quantity(time.gflops),
    quantity(time.gigabytes),
    percent(time.ofCeiling),
  ];
}

function milliseconds(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 1 ? 2 : 3);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Columns side by side: the first two to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((cells) => cells[c]?.length ?? 0)));
  const text = (cells: readonly string[]): string =>
    cells.map((cell, c) => {
      const figure = /^[\d.]/.test(rows[1]?.[c] ?? "") && !/[×]/.test(rows[1]?.[c] ?? "");
      return figure ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0);
    }).join("  ").trimEnd();
  return rows.map(text);
}
