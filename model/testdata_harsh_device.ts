import type { Device, Dispatch, Program, Scalars, TensorDescription, View } from "./device.ts";
import { DeviceError } from "./device_error.ts";
import { splitDispatch } from "./split_dispatch.ts";

/** How a {@linkcode harsh} device makes life hard. */
export interface Harshness {
  /** Every dispatch that can be is cut into pieces that bind no more bytes. */
  readonly maxBindingBytes?: number;
  /** The memory of an activation is spoilt before its first dispatch and after its last. */
  readonly poison?: boolean;
}

/** NaN as f32, and in both halves of a word as f16 and bf16. */
const NAN_BITS = 0x7fc17fc1;

/** A part of an allocation while it belongs to an activation. */
interface Tenancy {
  readonly first: number;
  readonly last: number;
  readonly view: View;
}

interface HarshProgram extends Program {
  /** One program a dispatch. */
  readonly steps: readonly Program[];
  readonly tenancies: readonly Tenancy[];
}

/** The same device, on which a plan only works that neither reads what it has not written nor relies on what others overwrite. */
export function harsh<D extends Device>(device: D, { maxBindingBytes, poison = false }: Harshness): D {
  const cut = (dispatch: Dispatch): Dispatch[] => {
    try {
      return splitDispatch(dispatch, maxBindingBytes ?? Infinity);
    } catch (error) {
      if (error instanceof DeviceError) return [dispatch]; // it cannot be cut so far
      throw error;
    }
  };
  const compile = async (whole: readonly Dispatch[]): Promise<Program> => {
    const dispatches = whole.flatMap(cut);
    if (!poison) return await device.compile(dispatches);
    const steps: Program[] = [];
    for (const dispatch of dispatches) steps.push(await device.compile([dispatch]));
    const program: HarshProgram = { length: dispatches.length, steps, tenancies: tenanciesOf(dispatches) };
    return program;
  };
  const spoil = ({ view: { allocation, offset, length } }: Tenancy): void => {
    const bits = new Uint32Array(length).fill(NAN_BITS);
    device.write(allocation, offset, allocation.dtype === "f32" ? new Float32Array(bits.buffer) : bits);
  };
  const run = async ({ steps, tenancies }: HarshProgram, scalars: Scalars): Promise<void> => {
    for (const [i, step] of steps.entries()) {
      for (const tenancy of tenancies) if (tenancy.first === i) spoil(tenancy);
      await device.run(step, scalars);
      for (const tenancy of tenancies) if (tenancy.last === i) spoil(tenancy);
    }
  };
  const release = ({ steps }: HarshProgram): void => steps.forEach((step) => device.release(step));
  const changed: Readonly<Record<PropertyKey, unknown>> = poison ? { compile, run, release } : { compile };
  return new Proxy(device, {
    get(target, key) {
      if (key in changed) return changed[key];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function tenanciesOf(dispatches: readonly Dispatch[]): Tenancy[] {
  const tenancies = new Map<TensorDescription, Tenancy>();
  dispatches.forEach(({ tensors, views }, i) => {
    views.forEach((view, j) => {
      const tensor = tensors?.[j];
      if (tensor?.role !== "activation") return;
      const known = tenancies.get(tensor);
      const begin = Math.min(view.offset, known?.view.offset ?? Infinity);
      const end = Math.max(view.offset + view.length, known ? known.view.offset + known.view.length : 0);
      tenancies.set(tensor, {
        first: known?.first ?? i,
        last: i,
        view: { ...view, offset: begin, length: end - begin },
      });
    });
  });
  return [...tenancies.values()];
}
