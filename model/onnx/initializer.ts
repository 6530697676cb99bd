import type { StoredTensor } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { ONNX_ELEMENT_BYTES, type OnnxElementType } from "./onnx_messages.ts";
import type { ByteSource } from "./protobuf_message.ts";

/** Elements that are read and converted at a time. */
const PIECE = 1 << 20;

/** A constant of a graph: its elements are read when the file is written. */
export interface Initializer {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
  /** Row-major, little-endian. */
  readonly data: ByteSource;
}

/** An initializer of small values that are known: shapes, bounds, scalars (`shape` is []). */
export function constantInitializer(
  name: string,
  type: OnnxElementType,
  shape: readonly number[],
  values: readonly number[],
): Initializer {
  const bytes = type === "int64"
    ? new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    : floatBytes(Float32Array.from(values), type);
  return { name, type, shape, data: { length: bytes.length, chunks: () => [bytes] } };
}

/**
 * A parameter as it is stored, in pieces. Reading throws a {@linkcode WeightsError} that names tensor and place for a value
 * that is not finite, or beyond the greatest f16 where that is wanted.
 */
export function parameterInitializer(name: string, tensor: StoredTensor, type: "f32" | "f16"): Initializer {
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  return {
    name,
    type,
    shape: tensor.shape,
    data: {
      length: count * ONNX_ELEMENT_BYTES[type],
      *chunks() {
        for (let begin = 0; begin < count; begin += PIECE) {
          const values = tensor.readFloats(begin, Math.min(begin + PIECE, count));
          checkValues(name, values, begin, type);
          yield floatBytes(values, type);
        }
      },
    },
  };
}

/**
 * The weight [outputs, inputs] of a linear layer as the right factor [inputs, outputs] of `MatMul`. The matrix is in memory while
 * it is written.
 */
export function transposedInitializer(name: string, tensor: StoredTensor, type: "f32" | "f16"): Initializer {
  const [outputs = 0, inputs = 0] = tensor.shape;
  return {
    name: `${name}.transposed`,
    type,
    shape: [inputs, outputs],
    data: {
      length: outputs * inputs * ONNX_ELEMENT_BYTES[type],
      *chunks() {
        const matrix = tensor.readFloats(0, outputs * inputs);
        checkValues(name, matrix, 0, type);
        const rows = Math.max(1, Math.floor(PIECE / outputs));
        for (let first = 0; first < inputs; first += rows) {
          const end = Math.min(first + rows, inputs);
          const piece = new Float32Array((end - first) * outputs);
          for (let output = 0; output < outputs; output++) {
            for (let input = first; input < end; input++) {
              piece[(input - first) * outputs + output] = matrix[output * inputs + input] ?? NaN;
            }
          }
          yield floatBytes(piece, type);
        }
      },
    },
  };
}

function floatBytes(values: Float32Array, type: "f32" | "f16"): Uint8Array {
  const { buffer, byteOffset, byteLength } = type === "f16" ? new Float16Array(values) : values;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Half of the last place above 65504, the greatest f16: from here on values round to infinity. */
const F16_LIMIT = 65520;

function checkValues(name: string, values: Float32Array, begin: number, type: "f32" | "f16"): void {
  const limit = type === "f16" ? F16_LIMIT : Infinity;
  let at = 0;
  while (at < values.length && Math.abs(values[at] ?? NaN) < limit) at++; // many values, and a loop is faster than a function
  if (at === values.length) return;
  const value = values[at] ?? NaN;
  throw new WeightsError(
    Number.isFinite(value)
      ? `${name}: element ${begin + at} is ${value}, beyond f16; export as f32`
      : `${name}: element ${begin + at} is ${value}; the weights are damaged or training diverged`,
  );
}
