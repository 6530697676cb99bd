import type { LukeConfig } from "../luke_config.ts";
import type { StoredTensor } from "../weights/stored_tensor.ts";
import { parameterInitializer, transposedInitializer } from "./initializer.ts";
import { ONNX_ELEMENT_TYPES } from "./onnx_messages.ts";
import { OnnxGraph, type OnnxValue } from "./onnx_graph.ts";

/** The greatest index there is, for a slice that goes to the end. */
const TO_THE_END = Number.MAX_SAFE_INTEGER;
/**
 * What a place that is not attended adds to its score: the lowest f32, as in transformers. In f16 the sum of score and lowest number
 * would be −∞, and where all are, softmax no number; half of it weighs nothing, either.
 */
const IGNORED = { f32: -3.4028234663852886e38, f16: -32768 } as const;

/** What a graph is built from. */
export interface LukeGraphSource {
  readonly config: LukeConfig;
  /** By name, see `lukeParameters`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly opset: number;
  /** What weights are stored and activations computed in. */
  readonly dtype: "f32" | "f16";
}

/** The inputs of a network. Types that are absent are 0 everywhere. */
export interface LukeGraphInputs {
  /** [batch_size, sequence_length], int64 as all inputs. */
  readonly inputIds: OnnxValue;
  /** [batch_size, sequence_length] */
  readonly attentionMask: OnnxValue;
  /** [batch_size, sequence_length] */
  readonly tokenTypeIds: OnnxValue | undefined;
  /** Absent where the network has no entities. */
  readonly entities?: {
    /** [batch_size, entity_length] */
    readonly ids: OnnxValue;
    /** [batch_size, entity_length] */
    readonly attentionMask: OnnxValue;
    /** [batch_size, entity_length, mention_length], −1 past a mention's last word. */
    readonly positionIds: OnnxValue;
    /** [batch_size, entity_length] */
    readonly tokenTypeIds: OnnxValue | undefined;
  };
}

/** Last hidden states: [batch_size, sequence_length, hidden] and [batch_size, entity_length, hidden]. */
export interface LukeGraphStates {
  readonly words: OnnxValue;
  readonly entities?: OnnxValue;
}

/** The forward pass of LUKE, BERT or RoBERTa in operators of ONNX, equal to transformers' in eval mode. */
export class LukeOnnxGraph {
  /** The graph so far. */
  readonly graph: OnnxGraph;
  readonly #config: LukeConfig;
  readonly #tensors: LukeGraphSource["tensors"];
  readonly #dtype: "f32" | "f16";

  constructor({ config, tensors, opset, dtype }: LukeGraphSource) {
    this.graph = new OnnxGraph(opset);
    this.#config = config;
    this.#tensors = tensors;
    this.#dtype = dtype;
  }

  /** Embeddings and encoder. */
  encode(inputs: LukeGraphInputs): LukeGraphStates {
    const { graph } = this;
    const wordCount = this.#lengthOf(inputs.inputIds);
    const words = this.#wordEmbeddings(inputs, wordCount);
    const entities = inputs.entities && this.#entityEmbeddings(inputs.entities);
    const mask = this.#additiveMask(
      inputs.entities
        ? graph.node("Concat", "encoder", [inputs.attentionMask, inputs.entities.attentionMask], {
          axis: { int: 1 },
        })
        : inputs.attentionMask,
    );
    let states = entities ? graph.node("Concat", "encoder", [words, entities], { axis: { int: 1 } }) : words;
    for (let i = 0; i < this.#config.numHiddenLayers; i++) {
      states = this.#layer(`encoder/layer.${i}`, `luke.encoder.layer.${i}`, states, mask, wordCount);
    }
    if (!entities) return { words: states };
    return {
      words: this.#head("encoder", states, wordCount, 1),
      entities: this.#tail("encoder", states, wordCount, 1),
    };
  }

  /** Scores of all words at all places: [batch_size, sequence_length, vocabulary]. */
  wordLogits(words: OnnxValue): OnnxValue {
    const transformed = this.#layerNorm(
      "lm_head/layer_norm",
      "lm_head.layer_norm",
      this.#gelu("lm_head", this.#linear("lm_head/dense", "lm_head.dense", words)),
    );
    const table = this.#config.tieWordEmbeddings
      ? "luke.embeddings.word_embeddings.weight"
      : "lm_head.decoder.weight";
    return this.#decode("lm_head/decoder", transformed, table, "lm_head.bias");
  }

  /** Scores of all entities for all mentions: [batch_size, entity_length, entity vocabulary]. */
  entityLogits(entities: OnnxValue): OnnxValue {
    const scope = "entity_predictions";
    const dense = this.#linear(`${scope}/transform/dense`, `${scope}.transform.dense`, entities);
    const transformed = this.#layerNorm(
      `${scope}/transform/LayerNorm`,
      `${scope}.transform.LayerNorm`,
      this.#gelu(`${scope}/transform`, dense),
    );
    return this.#decode(
      `${scope}/decoder`,
      transformed,
      "luke.entity_embeddings.entity_embeddings.weight",
      `${scope}.bias`,
    );
  }

  /** Makes a value of the network's type an output of f32. */
  output(name: string, value: OnnxValue, dimensions: readonly (string | number)[]): void {
    const floats = this.#dtype === "f32" ? value : this.graph.node("Cast", "output", [value], {
      to: { int: ONNX_ELEMENT_TYPES.f32 },
    });
    this.graph.output(name, floats, "f32", dimensions);
  }

  #wordEmbeddings(
    { inputIds, tokenTypeIds }: LukeGraphInputs,
    wordCount: OnnxValue,
  ): OnnxValue {
    const { graph } = this;
    const scope = "embeddings";
    const words = this.#gather(scope, "luke.embeddings.word_embeddings.weight", inputIds);
    const positions = this.#gather(
      scope,
      "luke.embeddings.position_embeddings.weight",
      this.#wordPositions(inputIds, wordCount),
    );
    const types = this.#typeEmbeddings(
      scope,
      "luke.embeddings.token_type_embeddings.weight",
      tokenTypeIds,
    );
    const sum = graph.node("Add", scope, [graph.node("Add", scope, [words, positions]), types]);
    return this.#layerNorm(`${scope}/LayerNorm`, "luke.embeddings.LayerNorm", sum);
  }

  /** RoBERTa counts words that are not padding from pad id + 1 on, BERT all from 0. */
  #wordPositions(inputIds: OnnxValue, wordCount: OnnxValue): OnnxValue {
    const { graph } = this;
    const scope = "embeddings/positions";
    if (this.#config.baseModelType === "bert") {
      const end = graph.node("Squeeze", scope, [wordCount, graph.integers(0)]);
      return graph.node("Range", scope, [graph.scalar("int64", 0), end, graph.scalar("int64", 1)]);
    }
    const pad = graph.scalar("int64", this.#config.padTokenId);
    const isPad = graph.node("Equal", scope, [inputIds, pad]);
    const isWord = graph.node("Cast", scope, [graph.node("Not", scope, [isPad])], {
      to: { int: ONNX_ELEMENT_TYPES.int64 },
    });
    const count = graph.node("CumSum", scope, [isWord, graph.scalar("int64", 1)]);
    return graph.node("Add", scope, [graph.node("Mul", scope, [count, isWord]), pad]);
  }

  #entityEmbeddings(
    { ids, positionIds, tokenTypeIds }: NonNullable<LukeGraphInputs["entities"]>,
  ): OnnxValue {
    const { graph } = this;
    const scope = "entity_embeddings";
    const table = this.#gather(scope, "luke.entity_embeddings.entity_embeddings.weight", ids);
    const entities = this.#config.entityEmbSize === this.#config.hiddenSize
      ? table
      : graph.node("MatMul", `${scope}/entity_embedding_dense`, [
        table,
        this.#factor("luke.entity_embeddings.entity_embedding_dense.weight"),
      ]);
    const types = this.#typeEmbeddings(
      scope,
      "luke.entity_embeddings.token_type_embeddings.weight",
      tokenTypeIds,
    );
    const positions = this.#mentionPositions(`${scope}/positions`, positionIds);
    const sum = graph.node("Add", scope, [graph.node("Add", scope, [entities, positions]), types]);
    return this.#layerNorm(`${scope}/LayerNorm`, "luke.entity_embeddings.LayerNorm", sum);
  }

  /**
   * Mean of the positions' embeddings that are not −1; 0 where all are. transformers divides by at least 1e-7 and not 1, which
   * is the same: the sum is 0 then.
   */
  #mentionPositions(scope: string, positionIds: OnnxValue): OnnxValue {
    const { graph } = this;
    const known = graph.node("Max", scope, [positionIds, graph.scalar("int64", 0)]);
    const embeddings = this.#gather(scope, "luke.entity_embeddings.position_embeddings.weight", known);
    const isPadding = graph.node("Equal", scope, [positionIds, graph.scalar("int64", -1)]);
    const isPlace = this.#cast(scope, graph.node("Not", scope, [isPadding]));
    const mask = graph.node("Unsqueeze", scope, [isPlace, graph.integers(3)]);
    const total = (value: OnnxValue): OnnxValue =>
      graph.node("ReduceSum", scope, [value, graph.integers(2)], { keepdims: { int: 0 } });
    const sum = total(graph.node("Mul", scope, [embeddings, mask]));
    return graph.node("Div", scope, [
      sum,
      graph.node("Max", scope, [total(mask), graph.scalar(this.#dtype, 1)]),
    ]);
  }

  /** Without ids, row 0 for every place. */
  #typeEmbeddings(scope: string, table: string, ids: OnnxValue | undefined): OnnxValue {
    return this.#gather(scope, table, ids ?? this.graph.scalar("int64", 0));
  }

  /** What is added to scores: 0 where the mask is 1; [batch_size, 1, 1, length]. */
  #additiveMask(mask: OnnxValue): OnnxValue {
    const { graph } = this;
    const scope = "attention_mask";
    const broadcast = graph.node("Unsqueeze", scope, [mask, graph.integers(1, 2)]);
    const ignored = graph.node("Sub", scope, [graph.scalar(this.#dtype, 1), this.#cast(scope, broadcast)]);
    return graph.node("Mul", scope, [ignored, graph.scalar(this.#dtype, IGNORED[this.#dtype])]);
  }

  #layer(
    scope: string,
    prefix: string,
    states: OnnxValue,
    mask: OnnxValue,
    wordCount: OnnxValue,
  ): OnnxValue {
    const context = this.#attention(
      `${scope}/attention/self`,
      `${prefix}.attention.self`,
      states,
      mask,
      wordCount,
    );
    const attended = this.#residual(
      `${scope}/attention/output`,
      `${prefix}.attention.output`,
      context,
      states,
    );
    const intermediate = this.#gelu(
      `${scope}/intermediate`,
      this.#linear(`${scope}/intermediate/dense`, `${prefix}.intermediate.dense`, attended),
    );
    return this.#residual(`${scope}/output`, `${prefix}.output`, intermediate, attended);
  }

  #attention(
    scope: string,
    prefix: string,
    states: OnnxValue,
    mask: OnnxValue,
    wordCount: OnnxValue,
  ): OnnxValue {
    const { graph } = this;
    const { numAttentionHeads, hiddenSize, useEntityAwareAttention } = this.#config;
    const headSize = hiddenSize / numAttentionHeads;
    const heads = (name: string, of: OnnxValue, order: readonly number[]): OnnxValue => {
      const flat = this.#linear(`${scope}/${name}`, `${prefix}.${name}`, of);
      const split = graph.node("Reshape", `${scope}/${name}`, [
        flat,
        graph.integers(0, 0, numAttentionHeads, headSize),
      ]);
      return graph.node("Transpose", `${scope}/${name}`, [split], { perm: { ints: order } });
    };
    const keys = heads("key", states, [0, 2, 3, 1]);
    const values = heads("value", states, [0, 2, 1, 3]);
    const query = (name: string, of: OnnxValue): OnnxValue => heads(name, of, [0, 2, 1, 3]);
    const scores = useEntityAwareAttention
      ? this.#entityAwareScores(scope, query, states, keys, wordCount)
      : graph.node("MatMul", scope, [query("query", states), keys]);
    const scaled = graph.node("Div", scope, [scores, graph.scalar(this.#dtype, Math.sqrt(headSize))]);
    const probabilities = graph.node("Softmax", scope, [graph.node("Add", scope, [scaled, mask])], {
      axis: { int: -1 },
    });
    const context = graph.node("MatMul", scope, [probabilities, values]);
    const joined = graph.node("Transpose", scope, [context], { perm: { ints: [0, 2, 1, 3] } });
    return graph.node("Reshape", scope, [joined, graph.integers(0, 0, hiddenSize)]);
  }

  /** Scores where words and entities have queries of their own for words and for entities (Yamada et al. 2020, 3.4). */
  #entityAwareScores(
    scope: string,
    query: (name: string, of: OnnxValue) => OnnxValue,
    states: OnnxValue,
    keys: OnnxValue,
    wordCount: OnnxValue,
  ): OnnxValue {
    const { graph } = this;
    const words = this.#head(scope, states, wordCount, 1);
    const entities = this.#tail(scope, states, wordCount, 1);
    const wordKeys = this.#head(scope, keys, wordCount, 3);
    const entityKeys = this.#tail(scope, keys, wordCount, 3);
    const scores = (of: OnnxValue, forWords: string, forEntities: string): OnnxValue =>
      graph.node("Concat", scope, [
        graph.node("MatMul", scope, [query(forWords, of), wordKeys]),
        graph.node("MatMul", scope, [query(forEntities, of), entityKeys]),
      ], { axis: { int: 3 } });
    return graph.node("Concat", scope, [
      scores(words, "query", "w2e_query"),
      scores(entities, "e2w_query", "e2e_query"),
    ], { axis: { int: 2 } });
  }

  /** Dense layer, residual connection, layer norm: `dense` and `LayerNorm` under `prefix`. */
  #residual(scope: string, prefix: string, of: OnnxValue, residual: OnnxValue): OnnxValue {
    const dense = this.#linear(`${scope}/dense`, `${prefix}.dense`, of);
    const sum = this.graph.node("Add", scope, [dense, residual]);
    return this.#layerNorm(`${scope}/LayerNorm`, `${prefix}.LayerNorm`, sum);
  }

  /** The factor is stored transposed, as exporters of PyTorch store it and optimizers of graphs expect it. */
  #linear(scope: string, prefix: string, of: OnnxValue): OnnxValue {
    const product = this.graph.node("MatMul", scope, [of, this.#factor(`${prefix}.weight`)]);
    return this.graph.node("Add", scope, [this.#parameter(`${prefix}.bias`), product]);
  }

  /** Scores by a table that is stored as it is: a tied table is in the file once. */
  #decode(scope: string, of: OnnxValue, table: string, bias: string): OnnxValue {
    const { graph } = this;
    const factor = graph.node("Transpose", scope, [this.#parameter(table)], { perm: { ints: [1, 0] } });
    return graph.node("Add", scope, [graph.node("MatMul", scope, [of, factor]), this.#parameter(bias)]);
  }

  #gelu(scope: string, of: OnnxValue): OnnxValue {
    const { graph } = this;
    if (graph.opset >= 20) return graph.node("Gelu", scope, [of]);
    const scalar = (value: number): OnnxValue => graph.scalar(this.#dtype, value);
    const erf = graph.node("Erf", scope, [graph.node("Div", scope, [of, scalar(Math.SQRT2)])]);
    const twice = graph.node("Mul", scope, [of, graph.node("Add", scope, [erf, scalar(1)])]);
    return graph.node("Mul", scope, [twice, scalar(0.5)]);
  }

  #layerNorm(scope: string, prefix: string, of: OnnxValue): OnnxValue {
    const inputs = [of, this.#parameter(`${prefix}.weight`), this.#parameter(`${prefix}.bias`)];
    const attributes = { axis: { int: -1 }, epsilon: { float: this.#config.layerNormEps } };
    return this.graph.node("LayerNormalization", scope, inputs, attributes);
  }

  #gather(scope: string, table: string, ids: OnnxValue): OnnxValue {
    return this.graph.node("Gather", scope, [this.#parameter(table), ids]);
  }

  #cast(scope: string, of: OnnxValue): OnnxValue {
    return this.graph.node("Cast", scope, [of], { to: { int: ONNX_ELEMENT_TYPES[this.#dtype] } });
  }

  /** Size of axis 1, a vector of one. */
  #lengthOf(of: OnnxValue): OnnxValue {
    return this.graph.node("Shape", "sequence_length", [of], { start: { int: 1 }, end: { int: 2 } });
  }

  #head(scope: string, of: OnnxValue, count: OnnxValue, axis: number): OnnxValue {
    const { graph } = this;
    return graph.node("Slice", scope, [of, graph.integers(0), count, graph.integers(axis)]);
  }

  #tail(scope: string, of: OnnxValue, count: OnnxValue, axis: number): OnnxValue {
    const { graph } = this;
    return graph.node("Slice", scope, [of, count, graph.integers(TO_THE_END), graph.integers(axis)]);
  }

  #parameter(name: string): OnnxValue {
    return this.graph.initializer(parameterInitializer(name, this.#tensor(name), this.#dtype));
  }

  #factor(name: string): OnnxValue {
    return this.graph.initializer(transposedInitializer(name, this.#tensor(name), this.#dtype));
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new RangeError(`${name} is not among the tensors`);
    return tensor;
  }
}
