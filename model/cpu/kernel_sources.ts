import ceiling from "../bench/ceiling.as" with { type: "text" };
import accumulate from "../ops/accumulate/accumulate.as" with { type: "text" };
import adamw from "../ops/adamw/adamw.as" with { type: "text" };
import attention from "../ops/attention/attention.as" with { type: "text" };
import crossEntropy from "../ops/cross_entropy/cross_entropy.as" with { type: "text" };
import dropout from "../ops/dropout/dropout.as" with { type: "text" };
import embedding from "../ops/embedding/embedding.as" with { type: "text" };
import gelu from "../ops/gelu/gelu.as" with { type: "text" };
import half from "../ops/half/half.as" with { type: "text" };
import layerNorm from "../ops/layer_norm/layer_norm.as" with { type: "text" };
import matmul from "../ops/matmul/matmul.as" with { type: "text" };
import rows from "../ops/rows/rows.as" with { type: "text" };
import simd from "../ops/simd.as" with { type: "text" };
import sum from "../ops/sum/sum.as" with { type: "text" };

/** The AssemblyScript sources of the cpu kernels by module name. Every function that a kernel names is exported by one. */
export const kernelSources: Readonly<Record<string, string>> = {
  accumulate,
  adamw,
  attention,
  ceiling,
  cross_entropy: crossEntropy,
  dropout,
  embedding,
  gelu,
  half,
  layer_norm: layerNorm,
  matmul,
  rows,
  simd,
  sum,
};
