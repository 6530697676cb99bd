import { UserError } from "@lukeforge/corpus";

/** A name has one or two parts of these characters, as the hub's own check has it. */
const NAME = /^[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?(\/[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?)?$/;
const LONGEST_NAME = 96;

/** Endings of files that a model or a tokenizer is read from: nobody calls a repository so. */
const FILE_ENDING = /\.(json|jsonl|txt|tsv|safetensors|bin|pt|pth|model|onnx|db|gz|bz2|tar|tgz|zip|xml)$/i;

/** Whether `text` may be the name of a repository: `roberta-base`, `mideind/IceBERT-igc`. */
export function isHubName(text: string): boolean {
  return text.length <= LONGEST_NAME && NAME.test(text) && !text.includes("--") && !text.includes("..");
}

/**
 * Takes `nameOrPath`, which does not exist as a path, as the name of a repository.
 *
 * @throws {UserError} when it looks like a path, or is no name.
 */
export function checkHubName(nameOrPath: string): void {
  if (isHubName(nameOrPath) && !FILE_ENDING.test(nameOrPath)) return;
  throw new UserError(
    `${nameOrPath}: no such file or directory; check the path, or name a repository of the model hub such as roberta-base`,
  );
}
