import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DatasetTokenizer } from "../building/dataset_build_options.ts";

/** The class that the saved tokenizer names, as `metadata.json` of upstream holds it. */
export function tokenizerClass(directory: string, tokenizer: DatasetTokenizer): string {
  const path = join(directory, "tokenizer_config.json");
  if (existsSync(path)) {
    const config: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof config === "object" && config !== null && "tokenizer_class" in config) {
      return String(config.tokenizer_class);
    }
  }
  const classes = {
    bert: "BertTokenizer",
    roberta: "RobertaTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
  };
  return classes[tokenizer.modelType];
}
