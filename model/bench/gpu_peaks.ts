/** What a vendor's data sheet says a GPU can do: dense, in TFLOP/s. */
export interface PublishedPeak {
  /** f32 on the ordinary units. */
  readonly f32: number;
  /** bf16 with f32 sums on the matrix units, which WebGPU does not reach in Deno. */
  readonly bf16: number;
}

/** By part of the name that drivers give; the first that fits counts. */
const PEAKS: readonly (readonly [name: RegExp, peak: PublishedPeak])[] = [
  [/H100 PCIe/i, { f32: 51, bf16: 756 }],
  [/H100|H200|GH200/i, { f32: 67, bf16: 989 }],
  [/A100|A800/i, { f32: 19.5, bf16: 312 }],
  [/A10G/i, { f32: 31.5, bf16: 70 }],
  [/A10\b/i, { f32: 31.2, bf16: 125 }],
  [/L40S/i, { f32: 91.6, bf16: 362 }],
  [/\bL4\b/i, { f32: 30.3, bf16: 121 }],
  [/\bT4\b/i, { f32: 8.1, bf16: 65 }],
  [/RTX 4090/i, { f32: 82.6, bf16: 165 }],
  [/RTX 3090/i, { f32: 35.6, bf16: 71 }],
];

/** The published peak of an adapter, undefined where its name is not known. */
export function publishedPeak(adapter: string): PublishedPeak | undefined {
  return PEAKS.find(([name]) => name.test(adapter))?.[1];
}
