import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { webgpuAvailable } from "../model/webgpu/request.ts";
import { run, runAndSignal, TemporaryDirectory, TINY } from "./command_line.ts";
import { assertSameRun } from "./same_run.ts";

type Kill = readonly [stage: string, sign: readonly string[]];
const TRAINING: Kill = ["training", ["checkpoints", "step-10"]];

const devices: readonly [device: string, available: boolean, kills: readonly Kill[]][] = [
  ["cpu", true, [
    ["making the corpus", ["pages.db"]],
    TRAINING,
    ["after the last checkpoint", ["checkpoints", "step-24"]],
  ]],
  ["webgpu", await webgpuAvailable(), [TRAINING]],
];

for (const [device, available, kills] of devices) {
  Deno.test({
    name: `pretrain on ${device} killed and started again ends in the same bits`,
    ignore: !available,
    async fn(t) {
      using directory = new TemporaryDirectory();
      const start = (name: string): string[] => [
        ...["pretrain", "--output-dir", directory.file(name), ...TINY, "--device", device],
      ];
      assert.equal((await run(start("whole"))).code, 0);
      for (const [stage, sign] of kills) {
        await t.step(stage, async () => {
          const name = stage.replaceAll(" ", "-");
          const isTime = (): boolean => existsSync(directory.file(name, ...sign));
          const { signalled } = await runAndSignal(start(name), "SIGKILL", isTime);
          assert.ok(signalled, "ended before it could be killed");
          assert.ok(!existsSync(directory.file(name, "results.json")));
          const { code, stdout, errors } = await run(start(name));
          assert.equal(code, 0, errors.join("\n"));
          assert.match(stdout, /^page database: already there/m);
          assertSameRun(directory.file(name), directory.file("whole"));
        });
      }
    },
  });
}

Deno.test("pretrain asked to stop by SIGINT writes a checkpoint, ends with code 130 and can be continued", async () => {
  using directory = new TemporaryDirectory();
  const args = ["pretrain", "--output-dir", directory.file("run"), ...TINY, "--max-steps", "100000"];
  const isTime = (): boolean => existsSync(directory.file("run", "checkpoints", "step-5"));
  const { code, stdout, errors } = await runAndSignal(args, "SIGINT", isTime);
  assert.equal(code, 130, errors.join("\n"));
  const step = /stopped after step (\d+); the same command continues/.exec(stdout)?.[1];
  assert.ok(existsSync(directory.file("run", "checkpoints", `step-${step}`)));
  assert.ok(!existsSync(directory.file("run", "run.lock")));
});

Deno.test("a second process is kept out of a run directory", async () => {
  using directory = new TemporaryDirectory();
  const args = ["pretrain", "--output-dir", directory.file("run"), ...TINY, "--max-steps", "100000"];
  let second: Promise<Awaited<ReturnType<typeof run>>> | undefined;
  let refused = false;
  await runAndSignal(args, "SIGKILL", () => {
    if (existsSync(directory.file("run", "pages.db"))) {
      second ??= run(args).finally(() => refused = true);
    }
    return refused;
  });
  const { code, errors } = await second ?? assert.fail("the first process ended too early");
  assert.equal(code, 1);
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? "", /process \d+ works in it .*run\.lock.*--output-dir/);
});
