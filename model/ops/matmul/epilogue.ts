/**
 * What becomes of a product P = alpha · A B + bias before it is stored; `d` is a second matrix laid out like C:
 * `none`: C = P; `gelu`: C = P and D = gelu(P); `gelu_backward`: C = P · gelu′(D); `residual`: C = P + D.
 */
export type Epilogue = "none" | "gelu" | "gelu_backward" | "residual";

/** The epilogues; the kernel's size `epilogue` is an index in this list. */
export const EPILOGUES: readonly Epilogue[] = ["none", "gelu", "gelu_backward", "residual"];
