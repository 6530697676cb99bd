/** Kinds of ops by the names of their kernels; the first that fits counts. */
const KINDS: readonly (readonly [name: RegExp, kind: string])[] = [
  [/attention/, "attention"],
  [/cross_entropy|metrics/, "loss"],
  [/^matmul/, "products"],
  [/^adamw|clip|sum_squares/, "update"],
  [/layer_norm/, "layer norm"],
  [/embedding/, "embedding"],
  [/gelu/, "GELU"],
  [/dropout/, "dropout"],
  [/sum/, "sums"],
  [/accumulate|fill|rows|half/, "moves"],
];

/** The kind of op that a kernel belongs to: "products", "attention", …; "other" for one that no rule knows. */
export function opKind(kernel: string): string {
  return KINDS.find(([name]) => name.test(kernel))?.[1] ?? "other";
}
