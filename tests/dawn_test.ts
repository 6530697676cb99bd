/** The engine on Dawn, npm's `webgpu`, beside Deno's own WebGPU: it needs a driver that Dawn accepts, such as Chromium's SwiftShader. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { MatricesReport } from "./dawn_matrices_report.ts";
import type { DawnReport } from "./dawn_report.ts";
import { assertTrainsAsOracle } from "./same_training.ts";

const drivers = [
  Deno.env.get("DAWN_VK_DRIVER_FILES"),
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
];
const driver = drivers.find((file) => file !== undefined && existsSync(file));

Deno.test({
  name: "LukeNetwork and every kernel on Dawn agree with the oracle",
  ignore: driver === undefined,
  async fn() {
    // Without the lock file, which would otherwise make every user fetch Dawn.
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--no-lock",
        "--quiet",
        new URL("./dawn_report.ts", import.meta.url).pathname,
      ],
      env: { VK_DRIVER_FILES: driver ?? "", VK_ICD_FILENAMES: driver ?? "" },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const report: DawnReport = JSON.parse(new TextDecoder().decode(stdout));
    assert.equal(report.kind, "dawn");
    assert.deepEqual(report.offences, []);
    await assertTrainsAsOracle(report.training);
  },
});

/** What a script here prints on the system's own driver; undefined when it fails. */
async function printed(script: string, ...args: string[]): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "--no-lock", "--quiet"],
      ...[new URL(script, import.meta.url).pathname, ...args],
    ],
    stderr: "null",
  }).output();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

Deno.test({
  name: "Products of f16 matrices on an adapter's matrix units agree with the oracle",
  ignore: await printed("./dawn_matrices_report.ts", "--probe") !== "true",
  async fn() {
    const output = await printed("./dawn_matrices_report.ts");
    assert.ok(output !== undefined, "deno run -A tests/dawn_matrices_report.ts fails");
    const { variants, differences }: MatricesReport = JSON.parse(output);
    assert.ok(variants.length > 0);
    for (const [product, difference] of Object.entries(differences)) {
      assert.ok(difference < 2e-5, `${product}: ${difference}`);
    }
  },
});

Deno.test("openDevice() dawn without an adapter names the remedy", async () => {
  const script = `const { openDevice } = await import(${
    JSON.stringify(new URL("../model/open_device.ts", import.meta.url).href)
  });
    await openDevice("dawn").then(() => console.log("opened"), (error) => console.log(error.name + ": " + error.message));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--no-lock", script],
    cwd: new URL("..", import.meta.url),
    env: { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" },
    stderr: "null",
  }).output();
  assert.equal(
    new TextDecoder().decode(stdout).trim(),
    "DeviceError: Dawn accepts no adapter here: install the GPU vendor's Vulkan driver; or use --device webgpu or --device cpu",
  );
});
