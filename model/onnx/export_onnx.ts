import type { ModelType } from "../hugging_face/opened_model.ts";
import type { LukeConfig } from "../luke_config.ts";
import { lukeParameters } from "../luke_parameters.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { WeightsError } from "../weights/weights_error.ts";
import { type LukeGraphInputs, LukeOnnxGraph } from "./luke_onnx_graph.ts";
import type { OnnxGraph, OnnxValue } from "./onnx_graph.ts";
import type { ByteSource } from "./protobuf_message.ts";

/** What a model file computes, named as by optimum: last hidden states, or the logits of the masked language model. */
export const ONNX_TASKS = ["feature-extraction", "fill-mask"] as const;

/** One of {@linkcode ONNX_TASKS}. */
export type OnnxTask = (typeof ONNX_TASKS)[number];

/** Element types that weights can be written in. */
export const ONNX_DTYPES = ["f32", "f16"] as const;

/** Oldest opset that has layer norms, and what is written unless told. */
export const DEFAULT_ONNX_OPSET = 17;

/** Protobuf readers take no message of 2 GiB or more. */
const MESSAGE_LIMIT = 2 ** 31 - 1;

/** What is exported, and how. */
export interface OnnxExportOptions {
  /** What the file computes. */
  readonly task: OnnxTask;
  /** Version of the operators; {@linkcode DEFAULT_ONNX_OPSET} unless told. From 20 on GELU is one operator. */
  readonly opset?: number;
  /** Weights and activations; f32 unless told. Outputs are f32 all the same. */
  readonly dtype?: (typeof ONNX_DTYPES)[number];
  /** Name of the file beside the model that holds weights which do not fit in it. */
  readonly dataFile: string;
  /** Puts the weights there although they fit. Default false. */
  readonly externalData?: boolean;
}

/** The files of an exported model and its interface. */
export interface OnnxExport {
  /** `model.onnx`. */
  readonly model: ByteSource;
  /** The file called `dataFile`; absent when the model holds its weights. */
  readonly data?: ByteSource;
  /** Names of the inputs, all int64. */
  readonly inputs: readonly string[];
  /** Names of the outputs, all f32. */
  readonly outputs: readonly string[];
}

/** What of an opened model an export needs. */
export interface OnnxExportModel {
  /** Decides the inputs. */
  readonly modelType: ModelType;
  /** Shape of the network. */
  readonly config: LukeConfig;
  /** By name, see {@linkcode lukeParameters}. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * A network as an ONNX model. Weights are read when the files' bytes are taken.
 *
 * Inputs have the names and axes that transformers and optimum give them: `input_ids` and `attention_mask` [batch_size,
 * sequence_length]; for LUKE also `entity_ids` and `entity_attention_mask` [batch_size, entity_length] and `entity_position_ids`
 * [batch_size, entity_length, mention_length], −1 past a mention's last word; entity_length may be 0. Types are inputs where they
 * can matter: `token_type_ids` of BERT; `token_type_ids` and `entity_token_type_ids` of a LUKE that has more than one type (the
 * released ones have one, and their tokenizers give no types). Position ids are computed inside.
 *
 * Outputs: `last_hidden_state` and `entity_last_hidden_state`, or `logits` and `entity_logits`, at all places.
 *
 * @throws {WeightsError} when tensors that the task needs are missing or have another shape; while bytes are taken, when a value is
 * not finite or beyond f16.
 * @throws {RangeError} for an opset that cannot be written.
 */
export function exportOnnx(model: OnnxExportModel, options: OnnxExportOptions): OnnxExport {
  const { config, modelType, tensors } = model;
  checkTensors(tensors, config, options.task);
  const builder = new LukeOnnxGraph({
    config,
    tensors,
    opset: options.opset ?? DEFAULT_ONNX_OPSET,
    dtype: options.dtype ?? "f32",
  });
  const { inputs, names } = addInputs(builder.graph, config, modelType);
  const states = builder.encode(inputs);
  const outputs: string[] = [];
  const output = (name: string, value: OnnxValue, axis: string, width: number): void => {
    builder.output(name, value, ["batch_size", axis, width]);
    outputs.push(name);
  };
  if (options.task === "fill-mask") {
    output("logits", builder.wordLogits(states.words), "sequence_length", config.vocabSize);
    if (states.entities) {
      const logits = builder.entityLogits(states.entities);
      output("entity_logits", logits, "entity_length", config.entityVocabSize);
    }
  } else {
    output("last_hidden_state", states.words, "sequence_length", config.hiddenSize);
    if (states.entities) {
      output("entity_last_hidden_state", states.entities, "entity_length", config.hiddenSize);
    }
  }
  const whole = builder.graph.files();
  const files = options.externalData || whole.model.length > MESSAGE_LIMIT
    ? builder.graph.files(options.dataFile)
    : whole;
  return { ...files, inputs: names, outputs };
}

/** Adds the inputs of a network, in the order of transformers' arguments. */
function addInputs(
  graph: OnnxGraph,
  config: LukeConfig,
  modelType: ModelType,
): { inputs: LukeGraphInputs; names: string[] } {
  const names: string[] = [];
  const input = (name: string, ...axes: readonly string[]): OnnxValue => {
    names.push(name);
    return graph.input(name, "int64", ["batch_size", ...axes]);
  };
  const hasTypes = modelType === "bert" || (modelType === "luke" && config.typeVocabSize > 1);
  const words = {
    inputIds: input("input_ids", "sequence_length"),
    attentionMask: input("attention_mask", "sequence_length"),
    tokenTypeIds: hasTypes ? input("token_type_ids", "sequence_length") : undefined,
  };
  if (config.entityVocabSize === 0) return { inputs: words, names };
  const entities = {
    ids: input("entity_ids", "entity_length"),
    attentionMask: input("entity_attention_mask", "entity_length"),
    tokenTypeIds: hasTypes ? input("entity_token_type_ids", "entity_length") : undefined,
    positionIds: input("entity_position_ids", "entity_length", "mention_length"),
  };
  return { inputs: { ...words, entities }, names };
}

function checkTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  config: LukeConfig,
  task: OnnxTask,
): void {
  const problems: string[] = [];
  for (const { name, shape } of lukeParameters(config)) {
    if (task === "feature-extraction" && !name.startsWith("luke.")) continue;
    const found = tensors.get(name)?.shape;
    if (!found) problems.push(`${name} is missing`);
    else if (found.length !== shape.length || found.some((size, i) => size !== shape[i])) {
      problems.push(`${name} is [${found.join(", ")}], not [${shape.join(", ")}]`);
    }
  }
  if (problems.length > 0) throw new WeightsError(`cannot be exported for ${task}: ${problems.join("; ")}`);
}
