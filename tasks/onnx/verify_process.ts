/**
 * Verifies an exported model in a process that knows no lock file: `verify_process.ts MODEL ONNX_FILE`. Prints a list of
 * {@linkcode OnnxDifference} as JSON, or the error for the user with code 1.
 */
import { fileURLToPath } from "node:url";
import { UserError } from "@lukeforge/corpus";
import { isHead, loadModel, openDevice, openModel } from "@lukeforge/model";
import { loadOnnxRuntime } from "./onnx_runtime.ts";
import { type OnnxDifference, VERIFIED_CAPACITY, verifyOnnx } from "./verify_onnx.ts";

/**
 * {@linkcode verifyOnnx} for a model's directory or file, in another process: what is imported with the lock file is written into
 * it, and everyone who works with it would fetch ONNX Runtime.
 *
 * @throws {UserError} when ONNX Runtime cannot be fetched or does not run here.
 */
export async function verifyExported(model: string, path: string): Promise<OnnxDifference[]> {
  const script = fileURLToPath(import.meta.url);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", "--quiet", script, model, path],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).trim();
  if (!success) throw new UserError(text(stderr));
  return JSON.parse(text(stdout));
}

async function verify(modelPath: string, path: string): Promise<OnnxDifference[]> {
  const runtime = await loadOnnxRuntime();
  using model = openModel(modelPath);
  const device = await openDevice("cpu");
  try {
    const options = { capacities: [VERIFIED_CAPACITY], fresh: isHead };
    await using network = await loadModel(device, model, options);
    return await verifyOnnx(runtime, path, network);
  } finally {
    device.destroy();
  }
}

if (import.meta.main) {
  const [model = "", path = ""] = Deno.args;
  try {
    console.log(JSON.stringify(await verify(model, path)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
