import { Command } from "commander";
import { openModel } from "@lukeforge/model";
import { HUB_OPTIONS, type HubOptions } from "../hub/hub_options.ts";
import { modelFacts } from "../model_facts.ts";
import { modelFactsLines } from "../model_facts_lines.ts";
import { ProgressLine } from "../progress.ts";
import type { Reporter } from "../stage.ts";

interface Options extends HubOptions {
  readonly checkValues?: boolean;
  readonly json?: boolean;
}

/** The exit code when a check fails. */
const FAILED = 1;

/** `model-info`: what a model on disk or on the hub is, and whether its parts agree. */
export function modelInfoCommand(reporter: Reporter): Command {
  const command = new Command("model-info")
    .summary("print what a model is: architecture, parameters, vocabularies, checks")
    .description(
      "Opens BERT, RoBERTa, XLM-R or LUKE, of Hugging Face or of LUKE's own repository, and prints its architecture, parameters by " +
        "part, element types, vocabulary sizes, tensors that are missing, unexpected or misshapen, and whether configuration, " +
        "tokenizer and entity vocabulary agree. The exit code is 1 when a check fails.",
    )
    .argument("<MODEL>", "directory, file of weights, archive of LUKE, or name on the model hub")
    .option("--check-values", "read every weight and look for one that is not finite")
    .option("--json", "print JSON");
  HUB_OPTIONS.addTo(command);
  return command.action(async (name: string, options: Options) => {
    const quiet: Reporter = { progress: reporter.progress, line: () => {} };
    const { path } = await HUB_OPTIONS.fetch(name, options, options.json ? quiet : reporter);
    using model = openModel(path);
    const line = new ProgressLine(reporter.progress, "values", "numbers");
    const facts = await modelFacts(
      model,
      options.checkValues ? (done, total) => line.update(done, total) : undefined,
    ).finally(() => line.clear());
    if (options.json) reporter.line(JSON.stringify(facts, null, 1));
    else for (const text of modelFactsLines(facts)) reporter.line(text);
    if (facts.checks.some(({ ok }) => ok === false)) Deno.exitCode = FAILED;
  });
}
