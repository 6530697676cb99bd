import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, writeFileAtomic } from "@lukeforge/corpus";
import {
  type LukeConfig,
  readSafetensors,
  SafetensorsError,
  type SafetensorsTensor,
  writeSafetensors,
} from "@lukeforge/model";
import { type EntityVocab, SPECIAL_ENTITIES, type Tokenizer } from "@lukeforge/vocab";
import { writeDirectoryAtomic } from "./atomic_directory.ts";
import { huggingFaceConfig } from "./hugging_face_config.ts";
import { addedPositions, huggingFaceWeights } from "./hugging_face_weights.ts";
import { type ModelCard, modelCard } from "./model_card.ts";

/** The second masked entity of pairs (relation classification); transformers' LUKE tokenizer demands it. */
const MASK2_ENTITY = "[MASK2]";
/** Words that mark mentions in fine-tuning, with the words whose rows they start from, as in the released LUKE. */
const ENTITY_MARKERS: readonly (readonly [marker: string, from: string])[] = [["<ent>", "@"], [
  "<ent2>",
  "#",
]];

/** What is exported. */
export interface HuggingFaceExport {
  /** Shape of the network. */
  readonly config: LukeConfig;
  /** By Hugging Face name, tied weights once: the contents of a checkpoint's `model.safetensors`. */
  readonly parameters: ReadonlyMap<string, SafetensorsTensor>;
  /** The run's entity vocabulary. */
  readonly vocab: Pick<EntityVocab, "size" | "maskId" | "languages" | "getId" | "entries">;
  /** The run's tokenizer. */
  readonly tokenizer: Pick<
    Tokenizer,
    "vocabSize" | "padId" | "unkId" | "clsId" | "sepId" | "modelType" | "encodeSegment" | "save"
  >;
  /** Prepares fine-tuning with entity-aware attention: its queries are copies of the pretrained ones. Default false.
   * A network that has entity-aware attention keeps its own. */
  readonly useEntityAwareAttention?: boolean;
  /** Most words of a mention, for transformers' tokenizer. Default 30. */
  readonly maxMentionLength?: number;
  /** What the model card tells. */
  readonly card?: ModelCard;
}

/** Reads the parameters of a checkpoint directory or a safetensors file. @throws {UserError} when they cannot be read. */
export function readParametersFrom(path: string): Map<string, SafetensorsTensor> {
  const file = path.endsWith(".safetensors") ? path : join(path, "model.safetensors");
  try {
    return readSafetensors(file);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new UserError(`${error.message}; export another checkpoint`);
    throw error;
  }
}

/**
 * Writes a directory that transformers opens as `LukeForMaskedLM`: `config.json`, `model.safetensors`, `entity_vocab.json`,
 * tokenizer files, `README.md`. It appears as a whole or not at all, in the place of what was there.
 *
 * As in the released LUKE, `[MASK2]` follows the entities as a copy of `[MASK]`, and with a byte-level BPE tokenizer `<ent>` and
 * `<ent2>` follow the words as copies of `@` and `#`, for fine-tuning with transformers' `LukeTokenizer`. Entity titles are
 * bare unless the vocabulary has several languages (`language:Title` then).
 *
 * @throws {UserError} when vocabulary, tokenizer and network do not go together, or a parameter is missing.
 */
export async function exportHuggingFace(directory: string, model: HuggingFaceExport): Promise<void> {
  const { config, vocab, tokenizer } = model;
  const useEntityAwareAttention = config.useEntityAwareAttention || (model.useEntityAwareAttention ?? false);
  if (vocab.size !== config.entityVocabSize || tokenizer.vocabSize !== config.vocabSize) {
    throw new UserError(
      `the network has ${config.vocabSize} words and ${config.entityVocabSize} entities, tokenizer and vocabulary ` +
        `${tokenizer.vocabSize} and ${vocab.size}; export with those of the run`,
    );
  }
  const markers = markerRows(tokenizer);
  const added = {
    words: markers.map(({ row }) => row),
    entities: vocab.getId(MASK2_ENTITY) === undefined ? [vocab.maskId] : [],
  };
  const sizes = {
    vocabSize: config.vocabSize + added.words.length,
    entityVocabSize: config.entityVocabSize + added.entities.length,
    maxPositionEmbeddings: config.maxPositionEmbeddings + addedPositions(config),
  };
  const settings = huggingFaceConfig(config, sizes, tokenizer, useEntityAwareAttention);
  const weights = huggingFaceWeights(model.parameters, config, added, useEntityAwareAttention);
  await writeDirectoryAtomic(directory, (partial) => {
    writeFileAtomic(join(partial, "config.json"), JSON.stringify(settings, null, 2) + "\n");
    writeSafetensors(join(partial, "model.safetensors"), weights);
    writeFileAtomic(join(partial, "entity_vocab.json"), entityVocabJson(vocab));
    tokenizer.save(partial);
    if (markers.length > 0) {
      addMarkers(
        partial,
        markers.map(({ marker }) => marker),
        tokenizer.vocabSize,
        model.maxMentionLength ?? 30,
      );
    }
    writeFileAtomic(join(partial, "README.md"), modelCard(config, vocab.languages, model.card));
  });
}

function markerRows(tokenizer: HuggingFaceExport["tokenizer"]): { marker: string; row: number }[] {
  // transformers has no LUKE tokenizer for WordPiece, so there is nothing that would use them.
  if (tokenizer.modelType !== "roberta") return [];
  const rows = ENTITY_MARKERS.flatMap(([marker, from]) => {
    const ids = tokenizer.encodeSegment(from, false);
    return ids.length === 1 && ids[0] !== undefined && ids[0] !== tokenizer.unkId
      ? [{ marker, row: ids[0] }]
      : [];
  });
  return rows.length === ENTITY_MARKERS.length ? rows : [];
}

/** Makes the saved tokenizer a `LukeTokenizer` that knows the markers under the ids of their rows. */
function addMarkers(
  directory: string,
  markers: readonly string[],
  firstId: number,
  maxMentionLength: number,
): void {
  const change = (name: string, edit: (value: Record<string, unknown>) => Record<string, unknown>): void => {
    const path = join(directory, name);
    const value = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    writeFileAtomic(
      path,
      JSON.stringify(edit(value), null, name === "tokenizer.json" ? undefined : 2) + "\n",
    );
  };
  const tokens = markers.map((content, i) => ({
    id: firstId + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  change("tokenizer.json", (json) => ({
    ...json,
    added_tokens: [...(Array.isArray(json.added_tokens) ? json.added_tokens : []), ...tokens],
  }));
  change("tokenizer_config.json", (json) => ({
    ...json,
    tokenizer_class: "LukeTokenizer",
    entity_token_1: markers[0],
    entity_token_2: markers[1],
    max_mention_length: maxMentionLength,
  }));
}

/** One JSON object from title to id, an entry a line. Not by `JSON.stringify` of an object: a million entries, some named like numbers. */
function* entityVocabJson(vocab: HuggingFaceExport["vocab"]): Generator<string> {
  const named = vocab.languages.size > 1;
  let lines = "{";
  let separator = "\n";
  for (const { id, entities } of vocab.entries()) {
    for (const [title, language] of entities) {
      const isBare = !named || language === null || SPECIAL_ENTITIES.includes(title) ||
        title === MASK2_ENTITY;
      lines += `${separator}${JSON.stringify(isBare ? title : `${language}:${title}`)}: ${id}`;
      separator = ",\n";
    }
    if (lines.length > 1 << 16) {
      yield lines;
      lines = "";
    }
  }
  if (vocab.getId(MASK2_ENTITY) === undefined) {
    lines += `${separator}${JSON.stringify(MASK2_ENTITY)}: ${vocab.size}`;
  }
  yield `${lines}\n}\n`;
}
