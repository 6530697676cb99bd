import type { Dispatch } from "../device.ts";
import type { AdapterTraits, KernelVariant } from "../kernel.ts";
import type { TuningTable } from "./tuning_table.ts";

/**
 * The dispatch with the variant that its kernel is to run as: the one it names, else the tuned one, else the built-in choice. A
 * kernel without variants stays as it is. Throws a RangeError when the adapter has none of the name that is asked for.
 */
export function choiceOfVariant(dispatch: Dispatch, adapter: AdapterTraits, tuned: TuningTable): Dispatch {
  const { kernel, sizes, variant: asked } = dispatch;
  if (!kernel.variants) return dispatch;
  const variants = kernel.variants.list(sizes, adapter);
  const known = asked ?? tuned[tuningKey(dispatch)];
  const found = variants.find(({ name }) => name === known);
  if (asked !== undefined && !found) {
    throw new RangeError(
      `${kernel.name} has no variant ${asked} here, only ${variants.map(({ name }) => name).join(", ")}`,
    );
  }
  const chosen = found ?? variants[0];
  return chosen ? withVariant(dispatch, chosen) : dispatch;
}

/** What a table of tuning calls the class of a dispatch. */
export function tuningKey({ kernel, sizes }: Pick<Dispatch, "kernel" | "sizes">): string {
  return `${kernel.cpu ?? kernel.name} ${kernel.variants?.shapeClass(sizes)}`;
}

function withVariant(
  dispatch: Dispatch,
  { name, wgsl, workgroups, elements, enables }: KernelVariant,
): Dispatch {
  const { kernel } = dispatch;
  const bindings = kernel.bindings.map((binding) => {
    const element = elements?.[binding.name];
    return element === undefined ? binding : { ...binding, element };
  });
  return {
    ...dispatch,
    variant: name,
    kernel: { ...kernel, bindings, wgsl, workgroups, ...(enables && { enables }) },
  };
}
