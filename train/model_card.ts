import type { LukeConfig } from "@lukeforge/model";

/** What a model card tells besides the network's shape. */
export interface ModelCard {
  /** Heading. */
  readonly title?: string;
  /** Rows of a table: the corpus, steps, held-out losses, … */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** The `README.md` of an exported model: front matter for the Hugging Face Hub, shape, facts, and how to open it. */
export function modelCard(
  config: LukeConfig,
  languages: ReadonlySet<string | null>,
  card: ModelCard = {},
): string {
  const known = [...languages].filter((language) => language !== null).sort();
  const rows = Object.entries({
    layers: config.numHiddenLayers,
    "hidden size": config.hiddenSize,
    words: config.vocabSize,
    entities: config.entityVocabSize,
    "entity embedding size": config.entityEmbSize,
    "word positions": config.baseModelType,
    ...card.facts,
  });
  const cell = (value: string | number): string => String(value).replaceAll("|", "\\|").replaceAll("\n", " ");
  return [
    "---",
    "library_name: transformers",
    "pipeline_tag: fill-mask",
    ...(known.length > 0 ? ["language:", ...known.map((language) => `- ${JSON.stringify(language)}`)] : []),
    "tags:",
    "- luke",
    "- entity",
    "---",
    "",
    `# ${card.title ?? "LUKE"}`,
    "",
    "A transformer over words and Wikipedia entities (LUKE), pretrained with lukeforge on masked words and masked entities.",
    "",
    "| | |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`),
    "",
    "```python",
    "from transformers import AutoTokenizer, LukeForMaskedLM",
    "",
    'model = LukeForMaskedLM.from_pretrained("path/of/this/directory")',
    'tokenizer = AutoTokenizer.from_pretrained("path/of/this/directory")',
    "```",
    "",
    "`entity_vocab.json` maps Wikipedia titles to the entity ids of the model.",
    "",
  ].join("\n");
}
