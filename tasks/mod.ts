/**
 * The command line as a library: pretraining from a dump or a dataset in one call.
 *
 * @example A network from a dump
 * ```ts
 * import { pretrain, standardError } from "@lukeforge/tasks";
 *
 * const reporter = { progress: standardError(), line: (text: string) => console.log(text) };
 * const input = { dump: "iswiki-latest-pages-articles.xml.bz2" };
 * await pretrain({ input, outputDir: "runs/iswiki", given: { numEpochs: 5 } }, reporter);
 * ```
 *
 * @example What a model puts in the place of a mask
 * ```ts
 * import { fillMask, InferenceModel, predictEntity } from "@lukeforge/tasks";
 *
 * await using model = await InferenceModel.open("runs/sample/model", { device: "cpu" });
 * const [[words]] = await fillMask(model, ["Larkham is a [MASK] of Halvay."]);
 * console.log(words?.map(({ token_str: word, score }) => `${word} ${score.toFixed(2)}`));
 * const [mention] = await predictEntity(model, "Larkham is a town of Halvay.", [{ start: 0, end: 7 }]);
 * console.log(mention?.entities[0]?.title);
 * ```
 *
 * @module
 */
export { DEVICE_KINDS, type DeviceKind } from "@lukeforge/model";
export { type ScheduleName, SCHEDULES } from "@lukeforge/train";
export { runCommandLine } from "./cli.ts";
export { type FetchedModel, fetchModel, type FetchModelOptions, fetchNamedModel } from "./hub/fetch_model.ts";
export type { HubEffects } from "./hub/hub_client.ts";
export { ModelUpload, type UploadModelOptions } from "./hub/upload_model.ts";
export type { UploadFile, UploadFiles } from "./hub/upload_files.ts";
export type { PlannedFile, UploadPlan, UploadTarget } from "./hub/upload_plan.ts";
export { type HubSettings, hubSettings } from "./hub/hub_settings.ts";
export type { FetchedPart } from "./hub/needed_files.ts";
export type { ModelCheck } from "./model_checks.ts";
export { type ModelFacts, modelFacts, type ParameterCounts } from "./model_facts.ts";
export {
  exportOnnxDirectory,
  type OnnxDirectory,
  type OnnxDirectoryOptions,
} from "./onnx/export_directory.ts";
export type { EncodeOptions, TextInput } from "./inference/encode_input.ts";
export {
  embed,
  type EmbedOptions,
  embedStream,
  type Pooling,
  POOLINGS,
  type TextEmbedding,
} from "./inference/embed.ts";
export { type FilledMask, fillMask, type FillMaskOptions, pipelineOutput } from "./inference/fill_mask.ts";
export type { InferenceLimits } from "./inference/inference_capacities.ts";
export { InferenceModel, type OpenInferenceOptions } from "./inference/inference_model.ts";
export type { Mention } from "./inference/mention.ts";
export {
  type MentionPrediction,
  type PredictedEntity,
  predictEntities,
  predictEntity,
  type PredictEntityOptions,
} from "./inference/predict_entity.ts";
export { pretrain } from "./pretrain.ts";
export type { PretrainInput, PretrainRequest } from "./pretrain_request.ts";
export { CORPUS_DEFAULTS, SAMPLE_DEFAULTS } from "./pretrain_defaults.ts";
export type { GivenSettings, PretrainSettings } from "./pretrain_settings.ts";
export { type ProgressCallback, ProgressLine, standardError, type Terminal } from "./progress.ts";
export { readResults, type Results } from "./results.ts";
export { type Reporter, runStage, type Stage } from "./stage.ts";
export { TESTED_DENO, versionError } from "./version_check.ts";
