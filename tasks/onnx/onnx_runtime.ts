import { UserError } from "@lukeforge/corpus";

/** Fixed, as it is not in deno.lock: what stands there everyone fetches. */
const PACKAGE = "npm:onnxruntime-node@1.30.0";

/** A tensor of ONNX Runtime. */
export interface OnnxTensor {
  /** Elements, row-major: floats of outputs, 64-bit integers of inputs. */
  readonly data: Float32Array | BigInt64Array;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
}

/** A model that ONNX Runtime has opened. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Computes all outputs. */
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  /** Frees the model. */
  release(): Promise<void>;
}

/** What is used of npm's onnxruntime-node. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(path: string): Promise<OnnxSession> };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => OnnxTensor;
}

/**
 * Loads ONNX Runtime for the processor, fetching it (290 MB) when it is first asked for.
 *
 * @throws {UserError} when it cannot be fetched or does not run here.
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    // A name that no tool sees ahead of time, so that it is fetched by those alone who ask for it.
    return await import(PACKAGE);
  } catch (error) {
    throw new UserError(
      `${PACKAGE} does not load: ${
        String(error)
      }; it needs the npm registry once and 64-bit Linux, macOS or Windows; ` +
        "export without --verify",
    );
  }
}
