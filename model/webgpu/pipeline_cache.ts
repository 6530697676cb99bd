import { DeviceError } from "../device_error.ts";
import type { Kernel } from "../kernel.ts";
import { numberLines } from "./shader.ts";

/** A compiled kernel. */
export interface KernelPipeline {
  /** What a pass runs. */
  readonly pipeline: GPUComputePipeline;
  /** What bind groups are made for: storage bindings in order, then the live sizes where a kernel has any. */
  readonly layout: GPUBindGroupLayout;
}

/** The compute pipelines of a device, one for each different WGSL text. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, KernelPipeline>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  /** Makes an empty cache. */
  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Number of pipelines made. */
  get size(): number {
    return this.#pipelines.size;
  }

  /**
   * The pipeline of a shader. `checks` gets a promise that rejects with a {@linkcode DeviceError} (the compiler's messages and
   * the numbered WGSL) when the shader is refused; many pipelines can so be under way at once.
   */
  get(kernel: Kernel, code: string, checks: Promise<void>[]): KernelPipeline {
    const known = this.#pipelines.get(code);
    if (known) return known;
    this.#device.pushErrorScope("internal");
    this.#device.pushErrorScope("validation");
    const layout = this.#layout(kernel);
    const module = this.#device.createShaderModule({ label: kernel.name, code });
    const pipeline = this.#device.createComputePipeline({
      label: kernel.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    const scopes = [this.#device.popErrorScope(), this.#device.popErrorScope()];
    checks.push(this.#check(kernel, code, module, scopes));
    const made = { pipeline, layout };
    this.#pipelines.set(code, made);
    return made;
  }

  async #check(
    kernel: Kernel,
    code: string,
    module: GPUShaderModule,
    scopes: Promise<GPUError | null>[],
  ): Promise<void> {
    const error = (await Promise.all(scopes)).find((found) => found !== null);
    if (!error) return;
    this.#pipelines.delete(code);
    const { messages } = await module.getCompilationInfo();
    const report = messages
      .filter(({ message }) => !error.message.includes(message.trim())) // Deno's error holds the first of them
      .map(({ type, lineNum, linePos, message }) => `${type} at ${lineNum}:${linePos}: ${message.trim()}`);
    throw new DeviceError(
      [`kernel ${kernel.name} was refused: ${error.message.trim()}`, ...report, numberLines(code)]
        .join("\n"),
    );
  }

  // Explicit, because an automatic layout leaves out bindings that a specialised shader doesn't use.
  #layout(kernel: Kernel): GPUBindGroupLayout {
    const types: GPUBufferBindingType[] = kernel.bindings.map(({ access }) =>
      access === "read" ? "read-only-storage" : "storage"
    );
    if (kernel.live.length > 0) types.push("uniform");
    const key = types.join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        entries: types.map((type, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}
