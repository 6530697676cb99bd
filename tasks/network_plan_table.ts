import type { ListedDispatch, ListedTensor } from "@lukeforge/model";
import { bytesText } from "./memory_forecast.ts";
import type { NetworkPlan, PlannedList } from "./network_plan.ts";
import { quantity } from "./progress.ts";

/** As long as the longest kernel names; longer ones push their line. */
const KERNEL_WIDTH = 29;
const NAME_WIDTH = 52;

/** A plan as lines for people; `summary` leaves the dispatches out. */
export function planLines(plan: NetworkPlan, summary: boolean): string[] {
  const { config, capacity, recompute, precision, parameters } = plan;
  const hasEntities = config.entityVocabSize > 0;
  const lines = [
    `${hasEntities ? "LUKE" : "network of words"} of ${
      quantity(parameters)
    } parameters: ${config.numHiddenLayers} layers of ${config.hiddenSize} ` +
    `(${config.numAttentionHeads} heads, feed-forward ${config.intermediateSize}), ${
      quantity(config.vocabSize)
    } words${config.tieWordEmbeddings ? "" : " with a decoder of their own"}${
      hasEntities ? `, ${quantity(config.entityVocabSize)} entities of ${config.entityEmbSize}` : ""
    }`,
    `micro-batch: ${capacity.rows} items of ${capacity.words} words${
      hasEntities ? ` and ${capacity.entities} entities` : ""
    }, ${capacity.maskedWords} words${
      hasEntities ? ` and ${capacity.maskedEntities} entities` : ""
    } to predict${recompute ? "; layers are recomputed" : ""}${
      precision === "f32" ? "" : `; linear layers in ${precision}`
    }`,
  ];
  for (const list of plan.lists) lines.push("", ...listLines(list, summary));
  lines.push("", ...memoryLines(plan));
  return lines;
}

function listLines({ part, dispatches, totals }: PlannedList, summary: boolean): string[] {
  const flops = totals.reduce((sum, total) => sum + total.flops, 0);
  const bytes = totals.reduce((sum, total) => sum + total.bytes, 0);
  const totalLine = (count: number, kernel: string, flop: number, bound: number): string =>
    columns(`${count} ×`, kernel, flopText(flop), bytesText(bound), share(flop, flops));
  return [
    `${part}: ${quantity(dispatches.length)} dispatches`,
    ...summary ? [] : [
      columns("#", "kernel", "FLOP", "bound", "in use") + "  writes ← reads, @ buffer + offset",
      ...dispatches.map(dispatchLine),
      "",
    ],
    columns("", "kernel", "FLOP", "bound", "share"),
    ...totals.map((total) => totalLine(total.dispatches, total.kernel, total.flops, total.bytes)),
    totalLine(dispatches.length, "all", flops, bytes),
  ];
}

function columns(index: string, kernel: string, flop: string, bound: string, last: string): string {
  return [
    index.padStart(6),
    "",
    kernel.padEnd(KERNEL_WIDTH),
    flop.padStart(7),
    bound.padStart(9),
    last.padStart(9),
  ]
    .join(" ");
}

function share(part: number, whole: number): string {
  return part === 0 ? "–" : `${(100 * part / whole).toFixed(1)} %`;
}

function dispatchLine({ index, kernel, flops, bytes, live, tensors }: ListedDispatch): string {
  const named = (written: boolean): string =>
    tensors.filter((tensor) => tensor.written === written).map(tensorText).join(", ");
  const reads = named(false);
  return columns(`${index}`, kernel, flopText(flops), bytesText(bytes), bytesText(live)) +
    `  ${named(true)}${reads && ` ← ${reads}`}`;
}

function tensorText({ name, shape, dtype, buffer, offset }: ListedTensor): string {
  const kind = dtype === "f32" ? "" : `${dtype} `;
  const place = typeof buffer === "string"
    ? ""
    : ` @${buffer}${offset > 0 ? `+${bytesText(offset).replace(" ", "")}` : ""}`;
  return `${shortened(name)} [${kind}${shape.join(", ")}]${place}`;
}

/** Names of parameters without what they all begin with; the middle of long ones is left out. */
function shortened(name: string): string {
  const short = name.replaceAll("luke.encoder.", "").replaceAll("luke.", "").replaceAll(".weight)", ")");
  if (short.length <= NAME_WIDTH) return short;
  const half = Math.floor((NAME_WIDTH - 1) / 2);
  return `${short.slice(0, half)}…${short.slice(-half)}`;
}

function memoryLines({ memory, lists, largestBatch, capacity }: NetworkPlan): string[] {
  const { bytes, parts, fullest } = memory;
  const part = lists.every((list) => list.part === "evaluation") ? "evaluation" : "training"; // the update has no activations
  const row = (size: number, text: string): string => `${bytesText(size).padStart(12)}  ${text}`;
  const lines = [
    `memory: ${bytesText(bytes)}`,
    ...parts.filter((part) => part.bytes >= 1024).map((part) => row(part.bytes, part.name)),
    "",
    `at the fullest moment (${part} #${fullest.dispatch}) ${
      bytesText(fullest.bytes)
    } of activations are in use:`,
    ...fullest.tensors.slice(0, 10).map((tensor) =>
      row(tensor.bytes, `${tensor.count > 1 ? `${tensor.count} × ` : ""}${shortened(tensor.name)}`)
    ),
  ];
  const rest = fullest.tensors.slice(10);
  if (rest.length > 0) {
    lines.push(row(rest.reduce((sum, tensor) => sum + tensor.bytes, 0), `${rest.length} other kinds`));
  }
  if (largestBatch !== undefined) {
    lines.push("", `largest micro-batch that fits: ${quantity(largestBatch)} items (here ${capacity.rows})`);
  }
  return lines;
}

/** `1.51 G`; a dash where a kernel does not tell. */
function flopText(flops: number): string {
  const units = ["", " k", " M", " G", " T", " P"];
  const power = Math.min(Math.floor(Math.log10(Math.max(flops, 1)) / 3), units.length - 1);
  return flops === 0 ? "–" : `${quantity(flops / 1000 ** power)}${units[power]}`;
}
