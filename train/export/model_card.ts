import type { LukeConfig } from "@lukeforge/model";

/** What a model card tells besides the network's shape. */
export interface ModelCard {
  /** Heading. */
  readonly title?: string;
  /** Rows of a table: the corpus, steps, held-out losses, … */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** What a card is about. */
export interface CardSubject {
  /** The network. */
  readonly config: LukeConfig;
  /** The fields of the written `config.json`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Languages of the entities; `null` where none is named. */
  readonly languages: readonly (string | null)[];
}

/** The `README.md` of an exported model: front matter for the Hugging Face Hub, shape, facts, and how to open it. */
export function modelCard(subject: CardSubject, card: ModelCard = {}): string {
  const { config, settings } = subject;
  const architecture = String(settings.architectures);
  const isLuke = settings.model_type === "luke";
  const languages = subject.languages.filter((language) => language !== null).sort();
  const rows = Object.entries({
    class: architecture,
    layers: config.numHiddenLayers,
    "hidden size": config.hiddenSize,
    "attention heads": config.numAttentionHeads,
    words: String(settings.vocab_size),
    ...(isLuke
      ? {
        entities: String(settings.entity_vocab_size),
        "entity embedding size": config.entityEmbSize,
        "word positions": config.baseModelType,
      }
      : {}),
    "element type": String(settings.dtype),
    ...card.facts,
  });
  return [
    "---",
    "library_name: transformers",
    "pipeline_tag: fill-mask",
    ...(isHubName(settings.bert_model_name) ? [`base_model: ${settings.bert_model_name}`] : []),
    ...(languages.length > 0 ? ["language:", ...languages.map((name) => `- ${JSON.stringify(name)}`)] : []),
    "tags:",
    `- ${String(settings.model_type)}`,
    ...(isLuke ? ["- entity"] : []),
    "---",
    "",
    `# ${card.title ?? (isLuke ? "LUKE" : architecture)}`,
    "",
    isLuke
      ? "A transformer over words and Wikipedia entities (LUKE), written by lukeforge."
      : "A masked language model, written by lukeforge.",
    "",
    "| | |",
    "| --- | --- |",
    ...rows.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`),
    "",
    "```python",
    `from transformers import AutoTokenizer, ${architecture}`,
    "",
    `model = ${architecture}.from_pretrained("path/of/this/directory")`,
    'tokenizer = AutoTokenizer.from_pretrained("path/of/this/directory")',
    "```",
    "",
    ...(isLuke ? entityNotes(settings, languages) : []),
  ].join("\n");
}

function entityNotes(settings: CardSubject["settings"], languages: readonly string[]): string[] {
  if (settings.entity_vocab_size === 4) {
    return ["The entity table holds the special entities only: mentions are given as `[MASK]`.", ""];
  }
  const [language] = languages;
  const keys = language === undefined ? "titles" : `titles with their language, as in \`${language}:Title\`,`;
  return [`\`entity_vocab.json\` maps ${keys} to the entity ids of the model.`, ""];
}

/** Whether a base model is named as on the Hugging Face Hub, and not by a path. */
function isHubName(name: unknown): name is string {
  return typeof name === "string" && /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(name);
}

function cell(value: string | number): string {
  return String(value).replaceAll("|", "\\|").replaceAll("\n", " ");
}
