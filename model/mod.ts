/**
 * The engine: devices, kernels with their oracles, plans, and the LUKE network with its gradients and optimizer.
 *
 * @example A network on the processor
 * ```ts
 * import { type LukeConfig, LukeNetwork, openDevice } from "@lukeforge/model";
 *
 * const config: LukeConfig = {
 *   baseModelType: "roberta",
 *   vocabSize: 100,
 *   entityVocabSize: 20,
 *   hiddenSize: 16,
 *   entityEmbSize: 8,
 *   numHiddenLayers: 1,
 *   numAttentionHeads: 2,
 *   intermediateSize: 32,
 *   maxPositionEmbeddings: 34,
 *   typeVocabSize: 1,
 *   layerNormEps: 1e-5,
 *   hiddenDropoutProb: 0.1,
 *   attentionProbsDropoutProb: 0.1,
 *   initializerRange: 0.02,
 *   padTokenId: 0,
 *   useEntityAwareAttention: false,
 *   tieWordEmbeddings: true,
 * };
 * const device = await openDevice("cpu", { threads: 1 });
 * const network = await LukeNetwork.create(device, config, {
 *   capacities: [{ rows: 2, words: 32, entities: 4, mentionLength: 5, maskedWords: 8, maskedEntities: 2 }],
 * });
 * network.initialize(42);
 * console.log(network.parameterCount);
 * device.destroy();
 * ```
 *
 * @module
 */
export * from "./web.ts";
export { largestBatch } from "./largest_batch.ts";
export { type LukeFootprintOptions, lukeMemory, planLuke } from "./luke_footprint.ts";
export { normalArray } from "./random_normal.ts";
export { lukeParameters, withEntityAwareQueries } from "./luke_parameters.ts";
export type { ParameterSpec } from "./parameters.ts";
export { type LargeTensors, type MemoryReport, memoryReport } from "./memory_report.ts";
export {
  type KernelTotal,
  listDispatches,
  type ListedDispatch,
  type ListedTensor,
  totalsByKernel,
} from "./plan_listing.ts";
export { type PlannedProgram, PlanningDevice } from "./planning_device.ts";
export { DEVICE_KINDS, type DeviceKind, openDevice, type OpenDeviceOptions } from "./open_device.ts";
export { BLAS_CHOICES, type BlasChoice } from "./cpu/blas_choice.ts";
export type { KernelFunction, ReplayProgram } from "./cpu/replay.ts";
export { type CpuAllocation, CpuDevice, type CpuDeviceOptions, type CpuProgram } from "./cpu/cpu_device.ts";
export type { LiveDispatches } from "./live_dispatches.ts";
export { type TunedClass, tuneVariants, type TuningOptions } from "./webgpu/tune_variants.ts";
export { tuningFile, tuningPath } from "./webgpu/tuning_file.ts";
export {
  isTuningDamaged,
  readTuning,
  tuningAdapter,
  type TuningStore,
  writeTuning,
} from "./webgpu/tuning_table.ts";
export { canonicalName, isHead } from "./hugging_face/canonical_names.ts";
export {
  checkWeights,
  type CheckWeightsOptions,
  loadModel,
  type LoadModelOptions,
} from "./hugging_face/load_model.ts";
export { openModel, type OpenModelOptions } from "./hugging_face/open_model.ts";
export {
  MODEL_TYPES,
  type ModelType,
  type OpenedModel,
  type WeightsReport,
} from "./hugging_face/opened_model.ts";
export { lukeForMaskedLM, type LukeForMaskedLMOptions } from "./hugging_face/luke_for_masked_lm.ts";
export { originalBaseModelType, originalLuke } from "./hugging_face/original_luke.ts";
export { WORD_MODELS, wordModel, type WordModelClass } from "./hugging_face/word_models.ts";
export type { SourceModel, SpecialWordIds, WrittenModel } from "./hugging_face/written_model.ts";
export {
  DEFAULT_ONNX_OPSET,
  exportOnnx,
  ONNX_DTYPES,
  ONNX_TASKS,
  type OnnxExport,
  type OnnxExportModel,
  type OnnxExportOptions,
  type OnnxTask,
} from "./onnx/export_onnx.ts";
export { ONNX_OPSETS } from "./onnx/onnx_graph.ts";
export type { ByteSource } from "./onnx/protobuf_message.ts";
export { mappedRows, type NewRow } from "./weights/mapped_rows.ts";
export { openWeights } from "./weights/open_weights.ts";
export { floatTensor, type RowRange, rowsOf } from "./weights/row_view.ts";
export { writeTorchWeights, type WriteTorchWeightsOptions } from "./weights/write_torch_weights.ts";
export { writeWeights, type WriteWeightsOptions } from "./weights/write_weights.ts";
export * from "./weights/safetensors_file.ts";
export type { StoredWeights } from "./weights/stored_tensor.ts";
export type { StoredBytes } from "./weights/stored_bytes.ts";
export { isArchive, WeightsArchive } from "./weights/weights_archive.ts";
