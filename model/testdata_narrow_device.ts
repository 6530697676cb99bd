import type { Device, Dispatch } from "./device.ts";

/** The device with a lower limit for bindings, which it holds its programs to. */
export function narrow<D extends Device>(device: D, maxBindingBytes: number): D & { pieces: number } {
  let pieces = 0;
  return new Proxy(device, {
    get(target, key) {
      if (key === "maxBindingBytes") return maxBindingBytes;
      if (key === "pieces") return pieces;
      if (key === "compile") {
        return (dispatches: readonly Dispatch[]) => {
          pieces += dispatches.length;
          for (const { kernel, views } of dispatches) {
            for (const { length } of views) {
              if (length * 4 > maxBindingBytes) throw new Error(`${kernel.name} binds ${length * 4} bytes`);
            }
          }
          return target.compile(dispatches);
        };
      }
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  }) as D & { pieces: number };
}
