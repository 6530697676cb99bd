import type { Kernel, LiveSize, Size } from "../kernel.ts";

/** How many different scalars the live sizes of all programs of a device can read. */
export const MAX_SCALARS = 16;

/** Finds the place of a scalar in the uniform buffer by its name. */
export type ScalarIndex = (scalar: string) => number;

/** A kernel's complete WGSL. */
export interface Shader {
  /** The module's text; its entry point is `main`. */
  readonly code: string;
  /** Whether the uniform buffer of scalars is declared, as the binding after the storage bindings. */
  readonly readsScalars: boolean;
}

/**
 * The complete WGSL of a kernel: a header with its bindings, sizes and `flat_group()`, then the kernel's own text. Sizes that
 * cannot be live are constants, the others are functions, so that one kernel text serves fixed and live row counts. Throws a
 * RangeError when a size is missing, is live where the kernel wants a constant, or has no exact u32 (or f32) literal.
 */
export function buildShader(
  kernel: Kernel,
  sizes: Readonly<Record<string, Size>>,
  scalarIndex: ScalarIndex,
): Shader {
  const lines = kernel.bindings.map(({ name, dtype, access, element }, i) =>
    `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${element ?? dtype}>;`
  );
  let readsScalars = false;
  for (const name of kernel.sizes) {
    const size = sizes[name];
    if (size === undefined) throw new RangeError(`${kernel.name}: size ${name} is not given`);
    if (kernel.live.includes(name)) {
      if (typeof size !== "number") readsScalars = true;
      const value = typeof size === "number"
        ? unsigned(kernel, name, size)
        : scalarTerm(kernel, name, size, scalarIndex);
      lines.push(`fn ${name}() -> u32 { return ${value}; }`);
    } else {
      lines.push(constant(kernel, name, size));
    }
  }
  if (readsScalars) {
    lines.unshift(
      `@group(0) @binding(${kernel.bindings.length}) var<uniform> scalars: array<vec4<u32>, ${
        MAX_SCALARS / 4
      }>;`,
    );
  }
  lines.push(
    "fn flat_group(group: vec3<u32>, groups: vec3<u32>) -> u32 { return group.x + groups.x * group.y; }",
  );
  const body = typeof kernel.wgsl === "string" ? kernel.wgsl : kernel.wgsl((name) => {
    const size = sizes[name];
    if (typeof size !== "number" || kernel.live.includes(name)) {
      throw new RangeError(`${kernel.name}: ${name} is not constant, its shader has to call ${name}()`);
    }
    return size;
  });
  const enables = (kernel.enables ?? []).map((extension) => `enable ${extension};\n`).join("");
  return { code: `${enables}${lines.join("\n")}\n\n${body}`, readsScalars };
}

/** The text with line numbers, for error messages. */
export function numberLines(code: string): string {
  const lines = code.trimEnd().split("\n");
  const width = String(lines.length).length;
  return lines.map((line, i) => `${String(i + 1).padStart(width)} | ${line}`).join("\n");
}

function constant(kernel: Kernel, name: string, size: Size): string {
  if (typeof size !== "number") throw new RangeError(`${kernel.name}: size ${name} cannot be live`);
  if (!kernel.floats?.includes(name)) return `const ${name}: u32 = ${unsigned(kernel, name, size)};`;
  const value = Math.fround(size);
  if (!Number.isFinite(value)) {
    throw new RangeError(`${kernel.name}: ${name} is ${size}, which is no finite f32`);
  }
  // The shortest decimal of the f32 seen as f64 lies within half a step of that f32, so it reads back to the same bits.
  return `const ${name}: f32 = ${value}f;`;
}

function scalarTerm(kernel: Kernel, name: string, size: LiveSize, scalarIndex: ScalarIndex): string {
  unsigned(kernel, name, size.capacity);
  const index = scalarIndex(size.scalar);
  const scalar = `scalars[${Math.floor(index / 4)}][${index % 4}]`;
  const value = size.times === 1 ? scalar : `${scalar} * ${unsigned(kernel, name, size.times)}`;
  if (!size.piece) return value;
  const first = unsigned(kernel, name, size.piece.first);
  return `min(max(${value}, ${first}) - ${first}, ${unsigned(kernel, name, size.capacity)})`;
}

function unsigned(kernel: Kernel, name: string, value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`${kernel.name}: ${name} is ${value}, which is no unsigned 32-bit integer`);
  }
  return `${value}u`;
}
