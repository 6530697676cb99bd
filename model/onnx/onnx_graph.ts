import { constantInitializer, type Initializer } from "./initializer.ts";
import {
  modelMessage,
  nodeMessage,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxElementType,
  tensorMessage,
  valueMessage,
} from "./onnx_messages.ts";
import type { ByteSource, ProtobufMessage } from "./protobuf_message.ts";

/** The opsets that graphs are written for, with the oldest IR version that has each: from LayerNormalization on. */
const IR_VERSIONS: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10 };

/** The opsets that graphs can be written for. */
export const ONNX_OPSETS: readonly number[] = Object.keys(IR_VERSIONS).map(Number);

/** A value of a graph, by name. */
export type OnnxValue = string & { readonly onnxValue: unique symbol };

/** Where data lie that the model's own file does not hold: offsets are multiples of this, so that a reader can map them. */
const EXTERNAL_ALIGNMENT = 4096;
/** Initializers shorter than this stay in the model's own file: shapes and scalars have to be there for shape inference. */
const EXTERNAL_LEAST = 1024;

/** The files of a model. */
export interface OnnxFiles {
  /** The model's own file. */
  readonly model: ByteSource;
  /** The elements of its tensors, where the model's file does not hold them. */
  readonly data?: ByteSource;
}

/** A graph that is put together node by node; values are named after where in the network they come from. */
export class OnnxGraph {
  /** The opset its operators are of. */
  readonly opset: number;
  readonly #nodes: ProtobufMessage[] = [];
  readonly #inputs: ProtobufMessage[] = [];
  readonly #outputs: ProtobufMessage[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #names = new Set<string>();

  /** @throws {RangeError} for an opset that is not in {@linkcode ONNX_OPSETS}. */
  constructor(opset: number) {
    if (IR_VERSIONS[opset] === undefined) {
      throw new RangeError(`opset ${opset} cannot be written; choose one of ${ONNX_OPSETS.join(", ")}`);
    }
    this.opset = opset;
  }

  /** Adds an input. */
  input(name: string, type: OnnxElementType, dimensions: readonly OnnxDimension[]): OnnxValue {
    this.#inputs.push(valueMessage(name, type, dimensions));
    return name as OnnxValue;
  }

  /** Makes `value` an output called `name`. */
  output(
    name: string,
    value: OnnxValue,
    type: OnnxElementType,
    dimensions: readonly OnnxDimension[],
  ): void {
    this.#nodes.push(nodeMessage("Identity", `/${name}`, [value], [name], {}));
    this.#outputs.push(valueMessage(name, type, dimensions));
  }

  /** Adds a node of one output. `scope` is where in the network it stands: `encoder/layer.0/attention`. */
  node(
    operator: string,
    scope: string,
    inputs: readonly OnnxValue[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): OnnxValue {
    const base = `/${scope}/${operator}`;
    let name = base;
    for (let i = 1; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    const output = `${name}_output_0`;
    this.#nodes.push(nodeMessage(operator, name, inputs, [output], attributes));
    return output as OnnxValue;
  }

  /** Adds an initializer, once. */
  initializer(initializer: Initializer): OnnxValue {
    this.#initializers.set(initializer.name, initializer);
    return initializer.name as OnnxValue;
  }

  /** A vector of integers. */
  integers(...values: readonly number[]): OnnxValue {
    return this.initializer(
      constantInitializer(`int64[${values.join(",")}]`, "int64", [values.length], values),
    );
  }

  /** A scalar. */
  scalar(type: OnnxElementType, value: number): OnnxValue {
    return this.initializer(constantInitializer(`${type}(${value})`, type, [], [value]));
  }

  /**
   * The finished model.
   *
   * @param externalFile name of the file beside the model that holds the elements of its larger tensors; without it the model does.
   */
  files(externalFile?: string): OnnxFiles {
    const placed: { initializer: Initializer; offset: number }[] = [];
    let end = 0;
    const initializers = [...this.#initializers.values()].map((initializer) => {
      const { name, type, shape, data } = initializer;
      if (externalFile === undefined || data.length < EXTERNAL_LEAST) {
        return tensorMessage(name, type, shape, data);
      }
      const offset = Math.ceil(end / EXTERNAL_ALIGNMENT) * EXTERNAL_ALIGNMENT;
      placed.push({ initializer, offset });
      end = offset + data.length;
      return tensorMessage(name, type, shape, data, { file: externalFile, offset });
    });
    const parts = { nodes: this.#nodes, initializers, inputs: this.#inputs, outputs: this.#outputs };
    const model = modelMessage({ name: "main_graph", ...parts }, this.opset, IR_VERSIONS[this.opset] ?? 0);
    if (placed.length === 0) return { model };
    return {
      model,
      data: {
        length: end,
        *chunks() {
          let at = 0;
          for (const { initializer, offset } of placed) {
            if (offset > at) yield new Uint8Array(offset - at);
            yield* initializer.data.chunks();
            at = offset + initializer.data.length;
          }
        },
      },
    };
  }
}
