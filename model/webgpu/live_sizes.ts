import type { Dispatch } from "../device.ts";
import type { Kernel } from "../kernel.ts";

/** Bytes of the uniform binding from which a kernel reads its live sizes, four to a vector; 0 without any. */
export function liveBytes(kernel: Kernel): number {
  return 16 * Math.ceil(kernel.live.length / 4);
}

/**
 * The live sizes of a program's dispatches as the uniform buffer that their shaders read: one place for each different set. The
 * host resolves them before a run, so that a shader's text holds neither a scalar nor a capacity and serves every plan.
 */
export class LiveSizes {
  readonly #places = new Map<string, number>();
  readonly #alignment: number;
  #words = new Uint32Array();

  /** `alignment` is the device's minUniformBufferOffsetAlignment. */
  constructor(alignment: number) {
    this.#alignment = alignment;
  }

  /** Finds or makes the place of a dispatch's live sizes; returns its offset in bytes. */
  place({ kernel, sizes }: Dispatch): number {
    const key = JSON.stringify([kernel.live.length, ...kernel.live.map((name) => sizes[name])]);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const offset = this.#words.byteLength;
    const stride = Math.ceil(liveBytes(kernel) / this.#alignment) * this.#alignment;
    this.#places.set(key, offset);
    this.#words = new Uint32Array((offset + stride) / 4);
    return offset;
  }

  /** Puts the resolved sizes of a dispatch where `place` said. Throws a RangeError for one that is no unsigned 32-bit integer. */
  resolve(offset: number, { live, name: kernel }: Kernel, sizes: Readonly<Record<string, number>>): void {
    live.forEach((name, i) => {
      const value = sizes[name] ?? NaN;
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new RangeError(`${kernel}: ${name} is ${value}, which is no unsigned 32-bit integer`);
      }
      this.#words[offset / 4 + i] = value;
    });
  }

  /** The contents of the buffer as last resolved; empty when no kernel has a live size. */
  get words(): Uint32Array<ArrayBuffer> {
    return this.#words;
  }
}
