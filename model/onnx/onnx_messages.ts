/** The messages of ONNX (onnx.proto3) that an exported network is made of; field numbers are those of that file. */
import { type ByteSource, ProtobufMessage } from "./protobuf_message.ts";

/** `TensorProto.DataType` of the elements that occur. */
export const ONNX_ELEMENT_TYPES = { f32: 1, int64: 7, f16: 10 } as const;

/** Type of a tensor's elements. */
export type OnnxElementType = keyof typeof ONNX_ELEMENT_TYPES;

/** Bytes of an element. */
export const ONNX_ELEMENT_BYTES: Readonly<Record<OnnxElementType, number>> = { f32: 4, int64: 8, f16: 2 };

/** Size of a dimension: a number, or the name of one that the caller chooses. */
export type OnnxDimension = number | string;

/** An attribute of a node. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number };

/** Where the elements of a tensor lie in a file beside the model. */
export interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
}

/** `NodeProto`. */
export function nodeMessage(
  operator: string,
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
): ProtobufMessage {
  const node = new ProtobufMessage();
  for (const input of inputs) node.string(1, input);
  for (const output of outputs) node.string(2, output);
  node.string(3, name).string(4, operator);
  for (const [key, value] of Object.entries(attributes)) node.bytes(5, attributeMessage(key, value));
  return node;
}

/** `AttributeProto`. */
function attributeMessage(name: string, value: OnnxAttribute): ProtobufMessage {
  const attribute = new ProtobufMessage().string(1, name);
  if ("float" in value) return attribute.float(2, value.float).integer(20, 1);
  if ("int" in value) return attribute.integer(3, value.int).integer(20, 2);
  for (const element of value.ints) attribute.integer(8, element);
  return attribute.integer(20, 7);
}

/** `TensorProto`: its elements, little-endian, or where they lie. */
export function tensorMessage(
  name: string,
  type: OnnxElementType,
  shape: readonly number[],
  data: ByteSource,
  place?: ExternalPlace,
): ProtobufMessage {
  const tensor = new ProtobufMessage();
  for (const size of shape) tensor.integer(1, size);
  tensor.integer(2, ONNX_ELEMENT_TYPES[type]).string(8, name);
  if (!place) return tensor.bytes(9, data);
  const entries = { location: place.file, offset: `${place.offset}`, length: `${data.length}` };
  for (const [key, value] of Object.entries(entries)) {
    tensor.bytes(13, new ProtobufMessage().string(1, key).string(2, value));
  }
  return tensor.integer(14, 1);
}

/** `ValueInfoProto`: an input or output of the graph. */
export function valueMessage(
  name: string,
  type: OnnxElementType,
  dimensions: readonly OnnxDimension[],
): ProtobufMessage {
  const shape = new ProtobufMessage();
  for (const size of dimensions) {
    const dimension = new ProtobufMessage();
    shape.bytes(1, typeof size === "number" ? dimension.integer(1, size) : dimension.string(2, size));
  }
  const tensor = new ProtobufMessage().integer(1, ONNX_ELEMENT_TYPES[type]).bytes(2, shape);
  return new ProtobufMessage().string(1, name).bytes(2, new ProtobufMessage().bytes(1, tensor));
}

/** What `GraphProto` holds. */
export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly ProtobufMessage[];
  readonly initializers: readonly ProtobufMessage[];
  readonly inputs: readonly ProtobufMessage[];
  readonly outputs: readonly ProtobufMessage[];
}

/** `ModelProto` of a graph with operators of the default domain. */
export function modelMessage(graph: GraphParts, opset: number, irVersion: number): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const node of graph.nodes) message.bytes(1, node);
  message.string(2, graph.name);
  for (const initializer of graph.initializers) message.bytes(5, initializer);
  for (const input of graph.inputs) message.bytes(11, input);
  for (const output of graph.outputs) message.bytes(12, output);
  return new ProtobufMessage()
    .integer(1, irVersion)
    .string(2, "lukeforge")
    .bytes(7, message)
    .bytes(8, new ProtobufMessage().string(1, "").integer(2, opset));
}
