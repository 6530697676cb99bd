import type { Kernel, Size } from "../kernel.ts";
import { liveBytes } from "./live_sizes.ts";

/**
 * The complete WGSL of a kernel: a header with its bindings, sizes and `flat_group()`, then the kernel's own text. Sizes that
 * cannot be live are constants; the others, whether they are live in this dispatch or not, are functions that read the uniform
 * binding after the storage bindings, so that one shader serves all row counts, capacities and pieces. Throws a RangeError when
 * a size is missing, is live where the kernel wants a constant, or has no exact u32 (or f32) literal.
 */
export function buildShader(kernel: Kernel, sizes: Readonly<Record<string, Size>>): string {
  const lines = kernel.bindings.map(({ name, dtype, access, element }, i) =>
    `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${element ?? dtype}>;`
  );
  for (const name of kernel.sizes) {
    const size = sizes[name];
    if (size === undefined) throw new RangeError(`${kernel.name}: size ${name} is not given`);
    const place = kernel.live.indexOf(name);
    if (place < 0) lines.push(constant(kernel, name, size));
    else lines.push(`fn ${name}() -> u32 { return live_sizes[${Math.floor(place / 4)}][${place % 4}]; }`);
  }
  if (kernel.live.length > 0) {
    const vectors = liveBytes(kernel) / 16;
    lines.unshift(
      `@group(0) @binding(${kernel.bindings.length}) var<uniform> live_sizes: array<vec4<u32>, ${vectors}>;`,
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
  return `${enables}${lines.join("\n")}\n\n${body}`;
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

function unsigned(kernel: Kernel, name: string, value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`${kernel.name}: ${name} is ${value}, which is no unsigned 32-bit integer`);
  }
  return `${value}u`;
}
