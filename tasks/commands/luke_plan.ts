import { Command } from "commander";
import { UserError } from "@lukeforge/corpus";
import {
  type BatchCapacity,
  type Format,
  FORMATS,
  LUKE_SHAPE_NAMES,
  LUKE_SHAPES,
  type LukeConfig,
  type LukeShapeName,
  openModel,
  validateLukeConfig,
  withRows,
} from "@lukeforge/model";
import { PLAIN_TRAINING, planNetwork, type PlanPart } from "../network_plan.ts";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { planLines } from "../network_plan_table.ts";
import { byteCount, oneOf, wholeNumber } from "../option_values.ts";
import { lukeConfig, openDatasets } from "../pretrain_network.ts";
import { readRun } from "../run_directory.ts";
import type { Reporter } from "../stage.ts";
import { trainingCapacities } from "../training_data.ts";

interface Options extends HubOptions {
  readonly shape?: LukeShapeName;
  readonly run?: string;
  readonly model?: string;
  readonly rows?: number;
  readonly words?: number;
  readonly entities?: number;
  readonly maskedWords?: number;
  readonly maskedEntities?: number;
  readonly numLayers?: number;
  readonly recompute?: boolean;
  readonly precision?: Format;
  readonly training?: boolean;
  readonly update?: boolean;
  readonly evaluation?: boolean;
  readonly summary?: boolean;
  readonly deviceMemory?: number;
  readonly json?: boolean;
}

/** `luke-plan`: what a step of a network does, dispatch by dispatch, and the memory that it takes. */
export function lukePlanCommand(reporter: Reporter): Command {
  const command = new Command("luke-plan")
    .summary("print what a step of a network does and the memory it takes")
    .description(
      "Prints the plan of a network: its dispatches in order with kernel, arithmetic, tensors, shapes, buffers and the memory in " +
        "use, then sums by kernel and where the memory goes. Nothing is computed and no device is needed. Figures are those of " +
        "full batches.",
    )
    .option(
      "--shape <name>",
      `network: ${LUKE_SHAPE_NAMES.join(", ")} (default: sample)`,
      oneOf(LUKE_SHAPE_NAMES),
    )
    .option("--run <dir>", "network and batches of a run of pretrain, instead of --shape")
    .option(
      "--model <name>",
      "network of a model: directory, file, or name on the model hub; words only for BERT and RoBERTa",
    )
    .option("--num-layers <n>", "encoder layers (default: the network's)", wholeNumber(1));
  HUB_OPTIONS.addTo(command);
  command.optionsGroup("Micro-batch (default: that of the shape or the run; for a model, of the base shape):")
    .option("--rows <n>", "items; masked places grow with them", wholeNumber(1))
    .option("--words <n>", "words of an item", wholeNumber(3))
    .option("--entities <n>", "entities of an item", wholeNumber(0))
    .option("--masked-words <n>", "words to predict in the micro-batch", wholeNumber(0))
    .option("--masked-entities <n>", "entities to predict in the micro-batch", wholeNumber(0));
  command.optionsGroup("What is planned and shown:")
    .option("--recompute", "with layers that are computed again for the gradients")
    .option("--precision <format>", `operands of linear layers: ${FORMATS.join(", ")}`, oneOf(FORMATS))
    .option("--training", "show the micro-step: forward and backward (default, with --update)")
    .option("--update", "show the update of the parameters")
    .option("--evaluation", "show the forward pass of evaluation")
    .option("--summary", "leave the dispatches out")
    .option("--device-memory <bytes>", "also tell the largest micro-batch that fits: 24GiB", byteCount)
    .option("--json", "print JSON");
  return command.action(async (options: Options) => {
    const network = await networkOf(options, reporter);
    const asked = (["training", "update", "evaluation"] as const).filter((part) => options[part]);
    const parts: readonly PlanPart[] = asked.length > 0 ? asked : ["training", "update"];
    const recompute = options.recompute ?? network.recompute;
    const { deviceMemory } = options;
    const plan = await planNetwork({
      ...network,
      training: { ...PLAIN_TRAINING, recompute },
      precision: options.precision ?? network.precision,
      parts,
      ...(deviceMemory !== undefined && { deviceMemory }),
    });
    if (options.json) reporter.line(JSON.stringify(plan, null, 1));
    else for (const line of planLines(plan, options.summary ?? false)) reporter.line(line);
  });
}

interface Network {
  readonly config: LukeConfig;
  readonly capacityOf: (rows: number) => BatchCapacity;
  readonly rows: number;
  readonly recompute: boolean;
  readonly precision: Format;
}

async function networkOf(options: Options, reporter: Reporter): Promise<Network> {
  const given = (["shape", "run", "model"] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new UserError(
      `${given.map((name) => `--${name}`).join(" and ")}: each names a network; give one of them`,
    );
  }
  const named = options.model !== undefined
    ? await modelNetwork(options.model, options, reporter)
    : options.run === undefined
    ? shapeNetwork(options.shape ?? "sample")
    : await runNetwork(options.run);
  const { words, entities, maskedWords, maskedEntities, numLayers } = options;
  const config: LukeConfig = {
    ...named.config,
    ...(numLayers !== undefined && { numHiddenLayers: numLayers }),
    ...(words !== undefined && {
      maxPositionEmbeddings: Math.max(
        named.config.maxPositionEmbeddings,
        words + named.config.padTokenId + 1,
      ),
    }),
  };
  validateLukeConfig(config);
  const rows = options.rows ?? named.rows;
  const widths = {
    ...(words !== undefined && { words }),
    ...(entities !== undefined && { entities }),
    ...(maskedWords !== undefined && { maskedWords }),
    ...(maskedEntities !== undefined && { maskedEntities }),
  };
  const whole: BatchCapacity = { ...named.capacityOf(rows), ...widths };
  return { ...named, config, rows, capacityOf: (n) => n === rows ? whole : withRows(whole, n) };
}

function shapeNetwork(name: LukeShapeName): Network {
  const { config, capacity } = LUKE_SHAPES[name];
  return {
    config,
    rows: capacity.rows,
    recompute: false,
    precision: "f32",
    capacityOf: (rows) => withRows(capacity, rows),
  };
}

/** The network of a model in the micro-batch of the base shape, as far as the model has places for it. */
async function modelNetwork(name: string, options: HubOptions, reporter: Reporter): Promise<Network> {
  const { path } = await HUB_OPTIONS.fetch(name, options, reporter);
  using model = openModel(path);
  const { config } = model;
  const { rows, capacityOf, ...base } = shapeNetwork("base");
  const places = config.maxPositionEmbeddings - (config.baseModelType === "bert" ? 0 : config.padTokenId + 1);
  return {
    ...base,
    config,
    rows,
    capacityOf: (n) => {
      const capacity = capacityOf(n);
      const words = Math.min(capacity.words, places);
      return { ...capacity, words, maskedWords: Math.ceil(capacity.maskedWords * words / capacity.words) };
    },
  };
}

async function runNetwork(directory: string): Promise<Network> {
  const { settings, datasets, network } = readRun(directory);
  using data = await openDatasets(datasets);
  const config = network ?? lukeConfig(settings, data);
  const capacitiesOf = trainingCapacities(data, settings, config);
  return {
    config,
    rows: settings.microBatchSize ?? settings.batchSize,
    recompute: settings.recompute ?? false,
    precision: settings.precision ?? "f32",
    capacityOf: (rows) => {
      const [largest] = capacitiesOf(rows);
      if (largest === undefined) throw new RangeError("no capacity");
      return largest;
    },
  };
}
