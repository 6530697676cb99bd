import { bytesText } from "./memory_forecast.ts";
import type { ModelFacts } from "./model_facts.ts";
import { quantity } from "./progress.ts";

const NAME_WIDTH = 20;

/** Facts as lines for people. Lists of names are complete. */
export function modelFactsLines(facts: ModelFacts): string[] {
  const { parameters, report, checks } = facts;
  const row = (name: string, value: string): string => `  ${name.padEnd(NAME_WIDTH)} ${value}`;
  const part = (name: string, count: number): string[] =>
    count === 0 ? [] : [row(name, quantity(count).padStart(15))];
  return [
    `${facts.path}: ${facts.architecture} (${facts.model_type})`,
    row(
      "encoder",
      `${facts.num_hidden_layers} layers of ${facts.hidden_size} (${facts.num_attention_heads} heads, feed-forward ` +
        `${facts.intermediate_size}), layer norm ${facts.layer_norm_eps}`,
    ),
    row(
      "positions",
      `${facts.max_position_embeddings}, counted as ${
        facts.base_model_type === "bert" ? "BERT, from 0" : "RoBERTa, from the pad id"
      }; ` +
        `${facts.type_vocab_size} token type${facts.type_vocab_size === 1 ? "" : "s"}`,
    ),
    row("words", `${quantity(facts.vocab_size)}, ${decoderText(facts)}`),
    row("entities", entityText(facts)),
    row("weights", `${facts.format}, ${bytesText(facts.bytes)}, ${Object.keys(facts.dtypes).join(" and ")}`),
    "parameters",
    ...part("word embeddings", parameters.word_embeddings),
    ...part("positions, types", parameters.word_positions),
    ...part("entity embeddings", parameters.entity_embeddings),
    ...part("entity positions", parameters.entity_positions),
    ...part("encoder", parameters.encoder),
    ...part("word head", parameters.word_head),
    ...part("entity head", parameters.entity_head),
    ...part("in all", parameters.total),
    ...part("in the file, unused", parameters.unused),
    "checks",
    ...checks.map(({ name, ok, detail }) =>
      row(name, `${ok === null ? "–" : ok ? "ok" : "FAILED"}: ${detail}`)
    ),
    ...list("missing", report.missing),
    ...list("unexpected", report.unexpected),
    ...list(
      "misshapen",
      report.misshapen.map(({ name, found, expected }) =>
        `${name}: [${found.join(", ")}], [${expected.join(", ")}] by the configuration`
      ),
    ),
    ...list("not read", report.ignored),
    ...list("notices", report.notices),
  ];
}

function decoderText({ parameters, tie_word_embeddings }: ModelFacts): string {
  if (parameters.word_head === 0) return "no head that predicts them";
  return tie_word_embeddings ? "decoded with their table" : "decoded with a table of its own";
}

function entityText({ entity_vocab_size, entity_emb_size, use_entity_aware_attention }: ModelFacts): string {
  if (entity_vocab_size === 0) return "none";
  return `${quantity(entity_vocab_size)} of ${entity_emb_size}, attention ${
    use_entity_aware_attention ? "entity-aware" : "the same for words and entities"
  }`;
}

function list(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [title, ...names.map((name) => `  ${name}`)];
}
