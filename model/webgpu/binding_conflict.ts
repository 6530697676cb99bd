import type { Dispatch, View } from "../device.ts";

/**
 * Says why WebGPU would refuse the bindings of a dispatch, or undefined: a buffer may be bound `read` and `read_write` at once
 * not even in different ranges, and ranges that are written may not overlap.
 */
export function bindingConflict({ kernel, views }: Dispatch): string | undefined {
  for (let i = 0; i < views.length; i++) {
    for (let j = i + 1; j < views.length; j++) {
      const [a, b] = [views[i], views[j]];
      const [first, second] = [kernel.bindings[i], kernel.bindings[j]];
      if (!a || !b || !first || !second || a.allocation !== b.allocation) continue;
      if (first.access === "read" && second.access === "read") continue;
      if (first.access !== second.access) {
        return `${first.name} (${first.access}) and ${second.name} (${second.access}) are both in the buffer of ` +
          `"${a.allocation.label}", which cannot be read-only and writable in one dispatch`;
      }
      if (overlaps(a, b)) {
        return `${first.name} and ${second.name} are both written and overlap in "${a.allocation.label}"`;
      }
    }
  }
  return undefined;
}

function overlaps(a: View, b: View): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
