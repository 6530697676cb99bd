import { existsSync, readFileSync } from "node:fs";
import type { Device } from "@lukeforge/model";

/** The cpu device's addresses end here: a WebAssembly memory of 32 bits. */
const CPU_HEAP_BYTES = 2 ** 32 - 2 ** 16;

/** What a driver needs for itself. */
const GPU_SHARE = 0.95;

/**
 * Bytes that a network may take on `device`; undefined where nobody tells, as WebGPU does not: then NVIDIA's `nvidia-smi` is asked.
 * `given` is what the user says.
 */
export async function deviceMemory(device: Device, given?: number): Promise<number | undefined> {
  if (device.kind === "cpu") {
    return Math.min(given ?? systemMemory(), CPU_HEAP_BYTES - device.allocatedBytes);
  }
  if (given !== undefined) return given;
  if (/llvmpipe|lavapipe|swiftshader/i.test(device.description)) return systemMemory();
  const free = freeMemoryOf(device.description, await nvidiaSmi());
  return free === undefined ? undefined : GPU_SHARE * free;
}

/** The least free bytes of the graphics cards whose name is part of `description`, from `name, free MiB` lines. */
export function freeMemoryOf(description: string, table: string): number | undefined {
  const free = table.split("\n").flatMap((line) => {
    const [name = "", mebibytes = ""] = line.split(",").map((cell) => cell.trim());
    const known = name !== "" && /^\d+$/.test(mebibytes) && description.includes(name);
    return known ? [Number(mebibytes) * 2 ** 20] : [];
  });
  return free.length === 0 ? undefined : Math.min(...free);
}

async function nvidiaSmi(): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("nvidia-smi", {
      args: ["--query-gpu=name,memory.free", "--format=csv,noheader,nounits"],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  } catch {
    return ""; // not there
  }
}

/** What is left of the machine's memory and, in a container, of its share. */
function systemMemory(): number {
  const { available } = Deno.systemMemoryInfo();
  const [most, used] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"].map(numberIn);
  return most === undefined ? available : Math.min(available, most - (used ?? 0));
}

function numberIn(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8").trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
