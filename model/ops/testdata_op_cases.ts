import { accumulateCases } from "./accumulate/testdata_accumulate_cases.ts";
import { adamwCases } from "./adamw/testdata_adamw_cases.ts";
import { attentionCases } from "./attention/testdata_attention_cases.ts";
import { crossEntropyCases } from "./cross_entropy/testdata_cross_entropy_cases.ts";
import { dropoutCases } from "./dropout/testdata_dropout_cases.ts";
import { embeddingCases } from "./embedding/testdata_embedding_cases.ts";
import { geluCases } from "./gelu/testdata_gelu_cases.ts";
import { halfCases } from "./half/testdata_half_cases.ts";
import { layerNormCases } from "./layer_norm/testdata_layer_norm_cases.ts";
import { matmulCases } from "./matmul/testdata_matmul_cases.ts";
import { rowsCases } from "./rows/testdata_rows_cases.ts";
import { sumCases } from "./sum/testdata_sum_cases.ts";
import { completed } from "./testdata_case_kinds.ts";
import type { OpCase } from "./testdata_generators.ts";

/** Every kernel on several shapes: odd and even, one and many rows, empty, extreme values. */
export const opCases: readonly OpCase[] = completed([
  ...accumulateCases,
  ...adamwCases,
  ...attentionCases,
  ...crossEntropyCases,
  ...dropoutCases,
  ...embeddingCases,
  ...geluCases,
  ...halfCases,
  ...layerNormCases,
  ...matmulCases,
  ...rowsCases,
  ...sumCases,
]);
