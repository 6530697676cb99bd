/** What computes f32 products on the cpu: the system's OpenBLAS where there is one, the kernel in WebAssembly, or OpenBLAS for certain. */
export const BLAS_CHOICES = ["auto", "wasm", "system"] as const;

/** One of {@linkcode BLAS_CHOICES}. */
export type BlasChoice = (typeof BLAS_CHOICES)[number];
