import { Buffer } from "node:buffer";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { elementCount, lukeParameters, type SafetensorsTensor, writeSafetensors } from "../mod.ts";
import { parseModelConfig } from "./model_config.ts";
import type { ModelType } from "./opened_model.ts";

/** A configuration as transformers writes it. */
export type Settings = Record<string, unknown>;
/** Tensors under a file's names. */
export type Tensors = Map<string, SafetensorsTensor>;

/** A tiny `config.json` of each type; what it does not say has transformers' defaults. */
export function tinySettings(modelType: ModelType, more: Settings = {}): Settings {
  return {
    model_type: modelType,
    vocab_size: 20,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 16,
    max_position_embeddings: 12,
    type_vocab_size: 2,
    ...(modelType === "luke" &&
      { entity_vocab_size: 7, entity_emb_size: 4, use_entity_aware_attention: false }),
    ...more,
  };
}

/** Names as transformers' masked language models of each type write them. */
function fileName(name: string, modelType: ModelType): string {
  if (modelType === "luke") return name;
  if (modelType !== "bert") return name.replace(/^luke\./, "roberta.");
  return name.replace(/^luke\./, "bert.")
    .replace(/^lm_head\.dense/, "cls.predictions.transform.dense")
    .replace(/^lm_head\.layer_norm/, "cls.predictions.transform.LayerNorm")
    .replace(/^lm_head\./, "cls.predictions.");
}

/** Every tensor of the network that `settings` describe, under the file's names; element i of tensor t is a number of t and i. */
export function tinyTensors(settings: Settings): Tensors {
  const { modelType, config } = parseModelConfig(settings, "config.json");
  return new Map(
    lukeParameters(config).map(({ name, shape }, t) => [fileName(name, modelType), numbers(shape, t)]),
  );
}

/** A tensor of numbers that tell which it is. */
export function numbers(shape: readonly number[], seed: number): SafetensorsTensor {
  return {
    shape,
    data: Float32Array.from(
      { length: elementCount(shape) },
      (_, i) => Math.fround(Math.sin(seed * 1000 + i) / 8),
    ),
  };
}

/** A directory that goes when it is disposed of. */
export class TemporaryDirectory implements Disposable {
  /** Its path. */
  readonly path: string = mkdtempSync(join(tmpdir(), "lukeforge-model-"));

  /** Writes a file in it, a text or JSON, and the directories on the way; returns its path. */
  write(name: string, content: unknown): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  /** Writes a safetensors file in it. */
  weights(name: string, tensors: Tensors): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeSafetensors(path, tensors);
    return path;
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A directory with `config.json` and `model.safetensors`. */
export function modelDirectory(
  settings: Settings,
  tensors: Tensors = tinyTensors(settings),
): TemporaryDirectory {
  const directory = new TemporaryDirectory();
  directory.write("config.json", settings);
  directory.weights("model.safetensors", tensors);
  return directory;
}

/** A tar archive. */
export function tar(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const encoder = new TextEncoder();
  const blocks: Uint8Array[] = [];
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const header = new Uint8Array(512);
    const put = (at: number, text: string): void => header.set(encoder.encode(text), at);
    put(0, name);
    put(124, bytes.length.toString(8).padStart(11, "0"));
    put(148, " ".repeat(8));
    put(156, "0");
    put(257, "ustar\x0000");
    put(148, header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
    blocks.push(header, bytes, new Uint8Array((512 - bytes.length % 512) % 512));
  }
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}
