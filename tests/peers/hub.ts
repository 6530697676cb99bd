/**
 * Holds the stub of the model hub and our use of Hugging Face's cache against Python's `huggingface_hub`:
 * `deno run -A tests/peers/hub.ts VENV/bin/python`. Python downloads from the stub and uploads to it, each side opens what the other
 * has fetched, and a download of one waits for the other's.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { fetchModel } from "../../tasks/hub/fetch_model.ts";
import { hubSettings } from "../../tasks/hub/hub_settings.ts";
import { ModelCache } from "../../tasks/hub/model_cache.ts";
import { STUB_TOKEN, StubHub } from "../../tasks/hub/testdata_stub_hub.ts";
import { ModelUpload } from "../../tasks/hub/upload_model.ts";
import { TemporaryDirectory } from "../command_line.ts";

const [python = "python3"] = Deno.args;
const NAME = "somebody/tiny";
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);

await using hub = new StubHub();
using directory = new TemporaryDirectory();
hub.repository(NAME).add("config.json", "{}").add("model.safetensors", WEIGHTS, true).add(
  "tokenizer.json",
  "{}",
)
  .add("README.md", "#").add("a.txt", "a").add("b.txt", "b");

function environment(home: string): Record<string, string> {
  return {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: directory.file(home),
    HF_TOKEN: STUB_TOKEN,
    HF_HUB_DISABLE_XET: "1",
  };
}

async function ask(program: string, home: string): Promise<string> {
  const command = new Deno.Command(python, {
    args: ["-c", program],
    env: environment(home),
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  assert.ok(success, "Python failed");
  return new TextDecoder().decode(stdout).trim();
}

const downloads = (): number => hub.requests.splice(0).filter(({ host }) => host === "cdn").length;
const SNAPSHOT = `from huggingface_hub import snapshot_download; print(snapshot_download("${NAME}"`;

const theirs = await ask(`${SNAPSHOT}))`, "theirs");
assert.equal(downloads(), 1);
assert.equal(await fetchModel(NAME, { settings: hubSettings(environment("theirs")) }), theirs);
assert.equal(downloads(), 0);
console.log("what Python has fetched is found here");

const ours = await fetchModel(NAME, { settings: hubSettings(environment("ours")) });
downloads();
assert.equal(await ask(`${SNAPSHOT}, local_files_only=True))`, "ours"), ours);
const scan = await ask(
  "from huggingface_hub import scan_cache_dir; print(len(scan_cache_dir().warnings))",
  "ours",
);
assert.equal(scan, "0");
assert.equal(downloads(), 0);
console.log("what was fetched here is found by Python");

const hash = createHash("sha256").update(WEIGHTS).digest("hex");
const cache = new ModelCache(hubSettings(environment("locked")).cacheDir, NAME);
const lock = await cache.lock(hash, () => {});
const waiting = ask(
  `from huggingface_hub import hf_hub_download; print(hf_hub_download("${NAME}", "model.safetensors"))`,
  "locked",
);
await new Promise((resolve) => setTimeout(resolve, 3000));
assert.equal(downloads(), 0);
lock[Symbol.dispose]();
await waiting;
assert.equal(downloads(), 1);
console.log("Python waits while a file is downloaded here");

const model = directory.file("model");
await Deno.mkdir(model);
for (const name of ["config.json", "model.safetensors"]) {
  const source = fileURLToPath(new URL(`../fixtures/hugging_face/roberta/${name}`, import.meta.url));
  await Deno.copyFile(source, `${model}/${name}`);
}
await Deno.writeTextFile(`${model}/README.md`, "# Tiny\n");
const repository = "somebody/uploaded";
await ask(
  `from huggingface_hub import HfApi; api = HfApi(); api.create_repo("${repository}"); ` +
    `api.upload_folder(repo_id="${repository}", folder_path="${model}")`,
  "theirs",
);
const upload = await ModelUpload.prepare(model, repository, { settings: hubSettings(environment("ours")) });
assert.deepEqual(upload.missing, []);
console.log("what Python has uploaded need not be uploaded here");
