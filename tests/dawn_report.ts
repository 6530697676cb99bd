/** What dawn_test.ts runs in a process of its own, which sees a driver that Dawn accepts: prints a DawnReport as JSON. */
import { openDevice } from "@lukeforge/model";
import { opCases } from "../model/ops/testdata_op_cases.ts";
import { opOffences, train, type TrainingReport } from "./browser_page.ts";

/** What Dawn made of the engine. */
export interface DawnReport {
  readonly kind: string;
  /** Op cases that were refused, failed or differ from the oracle. */
  readonly offences: readonly string[];
  readonly training: TrainingReport;
}

if (import.meta.main) {
  const device = await openDevice("dawn");
  // One case a kernel: a text is compiled in up to a second, and Chromium, which is Dawn too, runs all of them.
  const cases = [...new Map(opCases.map((op) => [op.kernel.name, op])).values()];
  const report: DawnReport = {
    kind: device.kind,
    offences: await opOffences(device, cases),
    training: await train(device),
  };
  device.destroy();
  console.log(JSON.stringify(report));
}
