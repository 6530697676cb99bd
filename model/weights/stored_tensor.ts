/** Element types of stored tensors, named as in safetensors. */
export type StoredDType =
  | "BOOL"
  | "U8"
  | "I8"
  | "U16"
  | "I16"
  | "U32"
  | "I32"
  | "U64"
  | "I64"
  | "F16"
  | "BF16"
  | "F32"
  | "F64";

/** A tensor in a file or in memory, whose elements are read a piece at a time. */
export interface StoredTensor {
  /** Element type as stored. */
  readonly dtype: StoredDType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /**
   * The elements [begin, end) in row-major order, whatever the order they are stored in, as f32: f16 and bf16 exactly, f64 and
   * integers rounded. The array is the caller's own.
   *
   * @throws {WeightsError} when the file was closed or cannot be read; a RangeError when the tensor does not have these elements.
   */
  readFloats(begin: number, end: number): Float32Array;
}

/** Weights that lie in one or several files, open for reading. */
export interface StoredWeights extends Disposable {
  /** The file or directory that was named, for messages. */
  readonly path: string;
  /** How they are stored, for people: `safetensors`, `safetensors in 3 shards`, `PyTorch zip`, `PyTorch before 1.6`, … */
  readonly format: string;
  /** Tensors by the name that the file gives them. Tensors that share storage (tied weights) appear under each name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}
