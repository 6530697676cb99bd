import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "@lukeforge/corpus";
import { WeightsError } from "@lukeforge/model";
import { fetchModel } from "./fetch_model.ts";
import { hubSettings } from "./hub_settings.ts";
import { STUB_TOKEN, StubHub } from "./testdata_stub_hub.ts";
import { ModelUpload, type UploadModelOptions } from "./upload_model.ts";

const TINY_MODEL = fileURLToPath(new URL("../../tests/fixtures/hugging_face/roberta/", import.meta.url));
const NAME = "somebody/tiny";

/** A hub without repositories, a small model, and no waiting. */
class Fixture implements AsyncDisposable {
  readonly hub = new StubHub();
  readonly directory = mkdtempSync(join(tmpdir(), "lukeforge_upload_"));
  readonly model = join(this.directory, "model");
  readonly notices: string[] = [];

  constructor() {
    mkdirSync(this.model);
    for (const name of ["config.json", "model.safetensors"]) {
      copyFileSync(join(TINY_MODEL, name), join(this.model, name));
    }
    this.write("README.md", "---\nlicense: mit\n---\n# Tiny\n");
    this.write("vocab.txt", "a\nb\n");
    this.hub.uploads.partSize = 30_000;
  }

  write(name: string, text: string | Uint8Array): void {
    writeFileSync(join(this.model, name), text);
  }

  prepare(more: UploadModelOptions = {}, environment: Record<string, string> = {}): Promise<ModelUpload> {
    const settings = hubSettings({ HF_ENDPOINT: this.hub.endpoint, HF_TOKEN: STUB_TOKEN, ...environment });
    const notice = (line: string): void => void this.notices.push(line);
    return ModelUpload.prepare(this.model, NAME, {
      settings,
      notice,
      sleep: () => Promise.resolve(),
      ...more,
    });
  }

  async send(more: UploadModelOptions = {}, environment: Record<string, string> = {}): Promise<string> {
    return await (await this.prepare(more, environment)).send();
  }

  /** Large files, or parts of them, that were sent since the last call. */
  sent(): number {
    const { requests } = this.hub;
    return requests.splice(0).filter(({ method, host }) => host === "cdn" && method === "PUT").length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true });
  }
}

function fails(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError || error instanceof WeightsError, String(error));
    assert.ok(!error.message.includes("\n") && !error.message.includes(STUB_TOKEN), error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

const fates = ({ plan }: ModelUpload): string[] =>
  plan.files.map(({ name, state, lfs }) => `${name} ${state}${lfs ? " LFS" : ""}`);

Deno.test("ModelUpload.prepare() compares and sends nothing", async () => {
  await using fixture = new Fixture();
  const upload = await fixture.prepare({}, { HF_TOKEN: "" });
  assert.deepEqual(fates(upload), [
    "README.md new",
    "config.json new",
    "model.safetensors new LFS",
    "vocab.txt new",
  ]);
  assert.deepEqual([upload.plan.repositoryExists, upload.plan.branchExists], [false, false]);
  assert.ok(
    fixture.hub.requests.every(({ method, path }) => method === "GET" || path === "/api/validate-yaml"),
  );

  const config = new Uint8Array(readFileSync(join(fixture.model, "config.json")));
  fixture.hub.repository(NAME).add("config.json", config).add("vocab.txt", "a\nc\n").add(
    "old/photo.png",
    "png",
    true,
  )
    .add(".gitattributes", "*");
  const second = await fixture.prepare();
  assert.deepEqual(fates(second), [
    "README.md new",
    "config.json same",
    "model.safetensors new LFS",
    "vocab.txt changed",
  ]);
  assert.deepEqual(second.plan.others, ["old/photo.png"]);
  assert.deepEqual([second.plan.repositoryExists, second.plan.branchExists], [true, true]);
});

Deno.test("ModelUpload.prepare() refuses what is no whole model, and leaves the state of a training out", async () => {
  await using fixture = new Fixture();
  mkdirSync(join(fixture.model, "checkpoints"));
  mkdirSync(join(fixture.model, ".git"));
  fixture.write("checkpoints/step.bin", "x");
  fixture.write(".git/index", "x");
  fixture.write("optimizer.pt", "x");
  fixture.write(".gitattributes", "*.pt filter=lfs\n");
  const upload = await fixture.prepare();
  assert.deepEqual(upload.local.leftOut, ["checkpoints", "optimizer.pt"]);
  assert.deepEqual(upload.local.files.map(({ name }) => name), [
    ".gitattributes",
    "README.md",
    "config.json",
    "model.safetensors",
    "vocab.txt",
  ]);
  const all = await fixture.prepare({ trainingState: true });
  assert.ok(all.local.files.some(({ name }) => name === "checkpoints/step.bin"));

  fixture.write("model.safetensors.partial", "x");
  await fails(fixture.prepare(), /model.safetensors.partial: is unfinished; wait/);
  rmSync(join(fixture.model, "model.safetensors.partial"));
  symlinkSync("/", join(fixture.model, "root"));
  await fails(fixture.prepare(), /root: is a link to a directory, which may be anything/);
  rmSync(join(fixture.model, "root"));
  rmSync(join(fixture.model, "README.md"));
  await fails(fixture.prepare(), /has no README.md, the model card/);
  fixture.write("README.md", "#\n");
  fixture.write("model.safetensors", "no weights");
  await fails(fixture.prepare(), /model.safetensors/);
  rmSync(join(fixture.model, "config.json"));
  await fails(fixture.prepare(), /config.json/);
  const options = { settings: hubSettings({ HF_ENDPOINT: fixture.hub.endpoint }) };
  await fails(
    ModelUpload.prepare(join(fixture.directory, "absent"), NAME, options),
    /absent: no such directory/,
  );
  await fails(
    ModelUpload.prepare(fixture.model, "tiny", options),
    /^tiny: is no name of a repository; give OWNER\/NAME/,
  );
  writeFileSync(join(fixture.directory, "config.json"), '{"format": "lukeforge-run-1"}');
  fixture.write("config.json", "{}");
  await fails(
    ModelUpload.prepare(fixture.directory, NAME, options),
    /is the directory of a run; upload the model in it: .*model$/,
  );
});

Deno.test("ModelUpload.send() makes the repository and sends all as one commit, which fetchModel() gets back", async () => {
  await using fixture = new Fixture();
  await fails(fixture.send(), /^somebody\/tiny: is not there; check the name, or give --create to make it/);
  await fails(
    fixture.send({ create: true }, { HF_TOKEN: "" }),
    /^HF_TOKEN: is not set; make a token that may write/,
  );
  await fails(fixture.send({ create: true }, { HF_TOKEN: "hf_other" }), /does not accept HF_TOKEN/);
  const shown: (readonly [number, number | undefined])[] = [];
  const commit = await fixture.send({
    create: true,
    private: true,
    message: "Tiny RoBERTa",
    progress: (done, total) => shown.push([done, total]),
  });
  const { hub } = fixture;
  const repository = hub.repositories.get(NAME);
  assert.deepEqual(hub.uploads.created, [{
    name: "tiny",
    organization: "somebody",
    type: "model",
    visibility: "private",
  }]);
  assert.deepEqual(repository?.commits, ["Tiny RoBERTa"]);
  assert.equal(repository?.refs.get("main"), commit);
  for (const name of ["README.md", "config.json", "model.safetensors", "vocab.txt"]) {
    const bytes = new Uint8Array(readFileSync(join(fixture.model, name)));
    assert.deepEqual(repository?.files.get(name), { bytes, lfs: name === "model.safetensors" });
  }
  const [done, total] = shown.at(-1) ?? [];
  assert.equal(done, total);
  assert.equal(total, readFileSync(join(fixture.model, "model.safetensors")).length / 1e6);
  assert.ok(
    fixture.hub.requests.every(({ host, authorization }) => host === "hub" || authorization === null),
  );

  const settings = hubSettings({
    HF_ENDPOINT: hub.endpoint,
    HF_TOKEN: STUB_TOKEN,
    HF_HOME: join(fixture.directory, "hf"),
  });
  const path = await fetchModel(NAME, { settings });
  assert.ok(
    readFileSync(join(path, "model.safetensors")).equals(
      readFileSync(join(fixture.model, "model.safetensors")),
    ),
  );
});

Deno.test("ModelUpload.send() sends only what is new or changed, and nothing when all is there", async () => {
  await using fixture = new Fixture();
  const first = await fixture.send({ create: true });
  assert.ok(fixture.sent() > 1, "in parts");
  const again = await fixture.prepare();
  assert.deepEqual(again.missing, []);
  assert.equal(await again.send(), first);
  fixture.write("README.md", "# Tiny, again\n");
  await fixture.send();
  assert.equal(fixture.sent(), 0);
  assert.equal(fixture.hub.repositories.get(NAME)?.commits.length, 2);
  fixture.write("vocab.txt", "a\nd\n");
  await fails(fixture.send({ branch: "v1" }), /has no branch v1; check the name, or give --create/);
  const commit = await fixture.send({ branch: "v1", create: true });
  assert.equal(fixture.hub.repositories.get(NAME)?.refs.get("v1"), commit);
});

Deno.test("ModelUpload.send() goes on after failures, and a second upload after the first one's end", async () => {
  await using fixture = new Fixture();
  const { hub } = fixture;
  fixture.write(
    "second.safetensors",
    readFileSync(join(fixture.model, "model.safetensors")).subarray(0, 20_000),
  );
  fixture.hub.uploads.partSize = 1e9;
  hub.fail(/PUT cdn/, { status: 503 });
  hub.fail(/POST hub .*batch/, { status: 500 });
  await fixture.send({ create: true });
  assert.equal(fixture.sent(), 3);

  hub.repositories.delete(NAME);
  hub.uploads.objects.clear();
  hub.fail(/POST hub .*commit/, { status: 503 }, 3);
  await fails(
    fixture.send({ create: true }),
    /answers 503; run the same command again: what has arrived is not sent twice/,
  );
  assert.equal(fixture.sent(), 2);
  await fixture.send();
  assert.equal(fixture.sent(), 0, "both large files had arrived");
  assert.equal(hub.repositories.get(NAME)?.files.size, 5);
});

Deno.test("ModelUpload.send() makes one commit when the answer to it is lost, and none over somebody else's", async () => {
  await using fixture = new Fixture();
  fixture.hub.fail(/POST hub .*commit/, { lostAnswer: true });
  await fixture.send({ create: true });
  const repository = fixture.hub.repositories.get(NAME);
  assert.equal(repository?.commits.length, 1);

  fixture.write("README.md", "# Mine\n");
  const upload = await fixture.prepare();
  repository?.refs.set("main", "e".repeat(40));
  await fails(
    upload.send(),
    /the branch main was changed by somebody else meanwhile; run the same command again/,
  );
  await fixture.send();
  assert.equal(repository?.commits.length, 2);
});

Deno.test("ModelUpload says in one line what the hub refuses", async () => {
  await using fixture = new Fixture();
  const { hub } = fixture;
  hub.repository(NAME);
  hub.fail(/POST hub .*preupload/, { status: 403, message: "your token may only read" });
  await fails(
    fixture.send(),
    /refuses \(answers 403 \(your token may only read\)\); set HF_TOKEN to a token that may write/,
  );
  hub.fail(/POST hub .*commit/, { status: 400, message: "Invalid model card" });
  await fails(fixture.send(), /refuses the upload \(answers 400 \(Invalid model card\)\); mend that/);
  hub.fail(/GET hub/, { status: 500 }, 5);
  await fails(fixture.send(), /answers 500/);
  await fails(fixture.send({}, { HF_HUB_OFFLINE: "1" }), /HF_HUB_OFFLINE forbids asking the hub/);
});

Deno.test("ModelUpload.prepare() asks the hub about the model card before anything is sent", async () => {
  await using fixture = new Fixture();
  fixture.write("README.md", "---\nlicense: wrong\n---\n");
  await fails(
    fixture.prepare(),
    /README.md: the hub answers 400 \( ?license must be one of those known\); mend the metadata/,
  );
  fixture.write("README.md", "# Tiny\n");
  await fixture.prepare();
  assert.match(fixture.notices.join("\n"), /README.md: empty or missing yaml metadata/);
  fixture.hub.fail(/validate-yaml/, { status: 404 });
  assert.equal((await fixture.prepare()).missing.length, 4);
});
