import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isSoftwareAdapter } from "./request.ts";

const openDevice = new URL("../open_device.ts", import.meta.url).href;
const hasCpuDevice = existsSync(fileURLToPath(new URL("../cpu/cpu_device.ts", import.meta.url)));

/** Prints what openDevice() gives, in a process that sees no Vulkan driver. */
async function openWithoutVulkan(kind: string): Promise<string> {
  const script = `const { openDevice } = await import(${JSON.stringify(openDevice)});
    try {
      const device = await openDevice(${JSON.stringify(kind)});
      console.log("opened " + device.kind);
      device.destroy();
    } catch (error) {
      console.log(error.name + ": " + error.message);
    }`;
  // Requests of other tests of this process have set it.
  const { DENO_WEBGPU_BACKEND: _, ...environment } = Deno.env.toObject();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    clearEnv: true,
    env: { ...environment, VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name: "openDevice() webgpu without an adapter names the remedy in one line",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.equal(
      await openWithoutVulkan("webgpu"),
      "DeviceError: no WebGPU adapter: install libvulkan1 and mesa-vulkan-drivers, or the GPU vendor's Vulkan driver; " +
        "or use --device cpu",
    );
  },
});

Deno.test({
  name: "openDevice() auto gives the cpu where there is no adapter",
  ignore: Deno.build.os !== "linux" || !hasCpuDevice,
  fn: async () => assert.equal(await openWithoutVulkan("auto"), "opened cpu"),
});

Deno.test("openDevice() lists the kinds when it gets an unknown one", async () => {
  assert.equal(
    await openWithoutVulkan("cuda"),
    'DeviceError: unknown device "cuda"; use one of auto, cpu, webgpu, dawn',
  );
});

Deno.test("isSoftwareAdapter() knows adapters that compute on the processor", () => {
  const real = { isFallbackAdapter: false };
  assert.ok(!isSoftwareAdapter({ ...real, description: "NVIDIA H100 80GB HBM3" }));
  assert.ok(isSoftwareAdapter({ ...real, description: "llvmpipe (LLVM 15.0.6, 256 bits)" }));
  assert.ok(isSoftwareAdapter({ ...real, description: "SwiftShader Device (Subzero)" }));
  assert.ok(isSoftwareAdapter({ isFallbackAdapter: true, description: "" }));
});
