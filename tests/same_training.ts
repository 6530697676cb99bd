import assert from "node:assert/strict";
import { ReferenceDevice } from "@lukeforge/model";
import { train, type TrainingReport } from "./browser_page.ts";

/** Every number within 1e-3 of the largest of its list. */
function assertNear(actual: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...expected.map(Math.abs));
  actual.forEach((value, i) => {
    const wanted = expected[i] ?? NaN;
    assert.ok(Math.abs(value - wanted) <= 1e-3 * scale, `${what}[${i}] is ${value}, the oracle's ${wanted}`);
  });
}

/** Two steps of training on some device ended as they do on the oracle. */
export async function assertTrainsAsOracle(training: TrainingReport): Promise<void> {
  const expected = await train(new ReferenceDevice("f64"));
  assertNear(training.losses, expected.losses, "losses");
  assertNear(training.gradNorms, expected.gradNorms, "gradient norms");
  assert.deepEqual(Object.keys(training.parameters), Object.keys(expected.parameters));
  for (const [parameter, values] of Object.entries(expected.parameters)) {
    assertNear(training.parameters[parameter] ?? [], values, parameter);
  }
}
