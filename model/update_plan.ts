import type { Allocation, Device } from "./device.ts";
import { fillZero } from "./ops/accumulate/accumulate.ts";
import { adamwKernel, type AdamWOptions, clipGradients } from "./ops/adamw/adamw.ts";
import { BLOCK_LENGTH, sumSquaresPartials } from "./ops/sum/sum.ts";
import type { Parameters } from "./parameters.ts";
import { allocationTensor, type Plan, PlanBuilder, type Tensor } from "./plan.ts";

/**
 * Compiles the update of a training step: the global norm of all gradients, the clip factor, AdamW over every page. `state` is
 * laid out as `OPTIMIZER_STATE`; the host writes the learning rate there. With a `growthInterval` the
 * gradients carry a loss scale, which doubles after so many updates. Throws a RangeError without gradients.
 */
export function compileUpdate(
  device: Device,
  parameters: Parameters,
  state: Allocation,
  optimizer: AdamWOptions,
  growthInterval = 0,
): Promise<Plan> {
  const plan = new PlanBuilder(false, fillZero);
  const tensor = (allocation: Allocation | undefined): Tensor => {
    if (!allocation) throw new RangeError("the parameters were not made for training");
    return allocationTensor(allocation);
  };
  const stateTensor = tensor(state);
  const pages = parameters.pages.map((page) => ({
    ...page,
    gradient: tensor(page.gradient),
    blocks: Math.ceil(page.length / BLOCK_LENGTH),
  }));
  const blocks = pages.reduce((sum, page) => sum + page.blocks, 0);
  const partials = plan.activation("squares of gradients", 1, blocks);
  let offset = 0;
  for (const page of pages) {
    plan.dispatch(sumSquaresPartials, [page.gradient, partials], {
      count: page.length,
      blocks: page.blocks,
      block_length: BLOCK_LENGTH,
      offset,
    });
    offset += page.blocks;
  }
  plan.dispatch(clipGradients, [partials, stateTensor], {
    blocks,
    max_norm: optimizer.maxGradNorm,
    growth_interval: growthInterval,
  });
  const [beta1, beta2] = optimizer.betas;
  for (const page of pages) {
    plan.dispatch(
      adamwKernel,
      [tensor(page.value), page.gradient, tensor(page.expAvg), tensor(page.expAvgSq), stateTensor],
      {
        count: page.length,
        beta1,
        beta2,
        rest1: 1 - beta1,
        rest2: 1 - beta2,
        eps: optimizer.eps,
        weight_decay: page.decay ? optimizer.weightDecay : 0,
      },
    );
  }
  return plan.compile(device);
}
