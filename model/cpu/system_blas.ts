/** A BLAS library of the system. */
export interface SystemBlas {
  /** What the library says of itself: version and the kind of processor it found. */
  readonly config: string;
  /** C = alpha · op(A) op(B) + beta · C, row-major, f32. Matrices are byte offsets in the memory that {@linkcode openSystemBlas} got. */
  sgemm(
    shape: {
      readonly m: number;
      readonly n: number;
      readonly k: number;
      readonly alpha: number;
      readonly beta: number;
    },
    a: BlasMatrix,
    b: BlasMatrix,
    c: BlasMatrix,
  ): void;
}

/** An operand of {@linkcode SystemBlas.sgemm}. */
export interface BlasMatrix {
  /** First byte. */
  readonly address: number;
  /** Elements from row to row as it lies in memory. */
  readonly leading: number;
  /** Whether what lies in memory is the transpose. */
  readonly transposed?: boolean;
}

/** Where OpenBLAS may be found; other BLAS libraries have no say over their threads by the same name. */
const NAMES = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"] as const;

const SYMBOLS = {
  cblas_sgemm: {
    parameters: [
      ...["i32", "i32", "i32", "i32", "i32", "i32", "f32"] as const,
      ...["usize", "i32", "usize", "i32", "f32", "usize", "i32"] as const,
    ],
    result: "void",
  },
  openblas_set_num_threads: { parameters: ["i32"], result: "void" },
  openblas_get_config: { parameters: [], result: "pointer" },
} as const;

const [ROW_MAJOR, PLAIN, TRANSPOSED] = [101, 111, 112];

/**
 * Opens the system's OpenBLAS for matrices in `memory`, computing on the calling thread. Undefined when there is none, or nobody has
 * allowed to call it.
 */
export function openSystemBlas(memory: WebAssembly.Memory): SystemBlas | undefined {
  if (typeof Deno === "undefined" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return undefined;
  }
  const library = openLibrary();
  if (!library) return undefined;
  const { cblas_sgemm, openblas_set_num_threads, openblas_get_config } = library.symbols;
  openblas_set_num_threads(1);
  const config = openblas_get_config();
  // A shared WebAssembly memory reserves its addresses at once: growing does not move it.
  const base = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(viewOf(memory))));
  return {
    config: config ? Deno.UnsafePointerView.getCString(config).trim() : "unknown",
    sgemm: ({ m, n, k, alpha, beta }, a, b, c) =>
      cblas_sgemm(
        ...[
          ROW_MAJOR,
          a.transposed ? TRANSPOSED : PLAIN,
          b.transposed ? TRANSPOSED : PLAIN,
          m,
          n,
          k,
          alpha,
        ] as const,
        ...[
          address(base, a),
          a.leading,
          address(base, b),
          b.leading,
          beta,
          address(base, c),
          c.leading,
        ] as const,
      ),
  };
}

function openLibrary(): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  for (const name of NAMES) {
    try {
      return Deno.dlopen(name, SYMBOLS);
    } catch {
      // not under this name, or without these symbols
    }
  }
  return undefined;
}

function address(base: number, matrix: BlasMatrix): bigint {
  return BigInt(base + matrix.address);
}

/** Deno's types know pointers of unshared memory only; the pointer of a shared one is just as good. */
function viewOf(memory: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.buffer) as unknown as Uint8Array<ArrayBuffer>;
}
