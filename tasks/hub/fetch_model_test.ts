import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mkdtempSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";
import { fetchModel, type FetchModelOptions, fetchNamedModel } from "./fetch_model.ts";
import { hubSettings } from "./hub_settings.ts";
import {
  gitHash,
  sha256,
  STUB_COMMIT,
  STUB_TOKEN,
  StubHub,
  type StubRepository,
} from "./testdata_stub_hub.ts";

const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);
const CONFIG = '{"model_type": "roberta"}\n';

/** A hub with one model, an empty cache, and no waiting. */
class Fixture implements AsyncDisposable {
  readonly hub = new StubHub();
  readonly cacheDir = mkdtempSync(join(tmpdir(), "lukeforge_hub_"));
  readonly pauses: number[] = [];
  readonly notices: string[] = [];
  readonly repository: StubRepository = this.hub.repository("mideind/IceBERT-igc")
    .add(".gitattributes", "*.bin filter=lfs\n")
    .add("README.md", "# IceBERT\n")
    .add("config.json", CONFIG)
    .add("model.safetensors", WEIGHTS, true)
    .add("pytorch_model.bin", WEIGHTS.slice(1), true)
    .add("tokenizer.json", "{}")
    .add("training_args.bin", "args", true)
    .add("onnx/model.onnx", "onnx", true);

  options(environment: Record<string, string> = {}, more: FetchModelOptions = {}): FetchModelOptions {
    return {
      cacheDir: this.cacheDir,
      settings: hubSettings({ HF_ENDPOINT: this.hub.endpoint, ...environment }),
      sleep: (milliseconds) => Promise.resolve(void this.pauses.push(milliseconds)),
      notice: (line) => this.notices.push(line),
      ...more,
    };
  }

  fetch(environment: Record<string, string> = {}, more: FetchModelOptions = {}): Promise<string> {
    return fetchModel("mideind/IceBERT-igc", this.options(environment, more));
  }

  get directory(): string {
    return join(this.cacheDir, "models--mideind--IceBERT-igc");
  }

  downloads(): string[] {
    return this.hub.requests.filter(({ path, host }) => host === "cdn" || path.includes("/resolve/"))
      .map(({ path, host, range }) =>
        (host === "cdn" ? "cdn" : path.split("/").at(-1) ?? "") + (range === null ? "" : ` ${range}`)
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    rmSync(this.cacheDir, { recursive: true });
  }
}

function fails(promise: Promise<unknown>, ...patterns: RegExp[]): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.ok(!error.message.includes("\n") && !error.message.includes("signature"), error.message);
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("fetchModel() returns paths that exist, and refuses what looks like a path and does not", async () => {
  const options = { settings: hubSettings({ HF_HUB_OFFLINE: "1" }), cacheDir: "/nonexistent" };
  const here = import.meta.dirname ?? "";
  assert.equal(await fetchModel(here, options), here);
  assert.equal(await fetchModel(join(here, "fetch_model.ts"), options), join(here, "fetch_model.ts"));
  for (
    const path of [
      "./absent",
      "/no/model",
      "absent/of/three",
      "model.safetensors",
      "tok/vocab.txt",
      "a b",
      "C:\\m",
    ]
  ) {
    await fails(fetchModel(path, options), /no such file or directory; check the path, or name a repository/);
  }
});

Deno.test("fetchModel() downloads config, tokenizer and one format of weights into the layout of Hugging Face's cache", async () => {
  await using fixture = new Fixture();
  const shown: (readonly [number, number | undefined])[] = [];
  const path = await fixture.fetch({}, { progress: (done, total) => shown.push([done, total]) });
  assert.equal(path, join(fixture.directory, "snapshots", STUB_COMMIT));
  assert.deepEqual(readdirSync(path).sort(), ["config.json", "model.safetensors", "tokenizer.json"]);
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.equal(readlinkSync(join(path, "model.safetensors")), `../../blobs/${sha256(WEIGHTS)}`);
  assert.equal(
    readlinkSync(join(path, "config.json")),
    `../../blobs/${gitHash(new TextEncoder().encode(CONFIG))}`,
  );
  assert.equal(readFileSync(join(fixture.directory, "refs", "main"), "utf8"), STUB_COMMIT);
  assert.deepEqual(fixture.downloads(), ["config.json", "tokenizer.json", "model.safetensors", "cdn"]);
  const total = (WEIGHTS.length + CONFIG.length + 2) / 1e6;
  assert.deepEqual(shown.at(-1), [total, total]);
  assert.ok(shown.every(([done], i) => i === 0 || done >= (shown[i - 1]?.[0] ?? 0)));

  await fixture.fetch();
  assert.equal(fixture.downloads().length, 4, "the second time nothing is downloaded");
});

Deno.test("fetchModel() takes the tokenizer alone, and the weights later", async () => {
  await using fixture = new Fixture();
  const path = await fixture.fetch({}, { files: "tokenizer" });
  assert.deepEqual(readdirSync(path).sort(), ["config.json", "tokenizer.json"]);
  await fails(fixture.fetch({ HF_HUB_OFFLINE: "1" }), /was not fetched before/);
  assert.equal(await fixture.fetch({ HF_HUB_OFFLINE: "1" }, { files: "tokenizer" }), path);
  await fixture.fetch();
  assert.ok(existsSync(join(path, "model.safetensors")));
});

Deno.test("fetchModel() prefers safetensors, then its index, then pytorch_model.bin, then its index, with all shards", async () => {
  await using fixture = new Fixture();
  const { files } = fixture.repository;
  files.delete("model.safetensors");
  const index = (ending: string): string =>
    JSON.stringify({
      weight_map: {
        a: `w-00001-of-00002.${ending}`,
        b: `w-00002-of-00002.${ending}`,
        c: `w-00001-of-00002.${ending}`,
      },
    });
  fixture.repository.add("model.safetensors.index.json", index("safetensors"))
    .add("w-00001-of-00002.safetensors", WEIGHTS, true).add(
      "w-00002-of-00002.safetensors",
      WEIGHTS.slice(9),
      true,
    )
    .add("pytorch_model.bin.index.json", index("bin"))
    .add("w-00001-of-00002.bin", "1", true).add("w-00002-of-00002.bin", "2", true);
  const weights = async (): Promise<string[]> => {
    const path = await fixture.fetch();
    const names = readdirSync(path).filter((name) => !["config.json", "tokenizer.json"].includes(name))
      .sort();
    rmSync(fixture.directory, { recursive: true });
    return names;
  };
  assert.deepEqual(await weights(), [
    "model.safetensors.index.json",
    "w-00001-of-00002.safetensors",
    "w-00002-of-00002.safetensors",
  ]);
  files.delete("model.safetensors.index.json");
  assert.deepEqual(await weights(), ["pytorch_model.bin"]);
  files.delete("pytorch_model.bin");
  assert.deepEqual(await weights(), [
    "pytorch_model.bin.index.json",
    "w-00001-of-00002.bin",
    "w-00002-of-00002.bin",
  ]);
  files.delete("w-00002-of-00002.bin");
  await fails(fixture.fetch(), /its weight index names w-00002-of-00002.bin, which is not there/);
  fixture.repository.add("pytorch_model.bin.index.json", '{"weight_map": {"a": "../../evil"}}');
  await fails(fixture.fetch(), /pytorch_model.bin.index.json is no weight index/);
  files.delete("pytorch_model.bin.index.json");
  fixture.repository.add("tf_model.h5", "h5", true);
  await fails(fixture.fetch(), /has no model.safetensors or pytorch_model.bin at the hub/);
});

Deno.test("fetchModel() continues a dropped download with a range request, in this process and from a killed one", async () => {
  await using fixture = new Fixture();
  fixture.hub.fail(/GET cdn/, { dropAfter: 100_000 });
  const path = await fixture.fetch();
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.match(fixture.downloads().at(-1) ?? "", /^cdn bytes=[1-9]\d*-$/);
  assert.deepEqual(fixture.pauses, [1000]);

  rmSync(fixture.directory, { recursive: true });
  mkdirSync(join(fixture.directory, "blobs"), { recursive: true });
  const partial = join(fixture.directory, "blobs", `${sha256(WEIGHTS)}.incomplete`);
  writeFileSync(partial, WEIGHTS.subarray(0, 250_000));
  await fixture.fetch();
  assert.equal(fixture.downloads().at(-1), "cdn bytes=250000-");
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.ok(!existsSync(partial));
});

Deno.test("fetchModel() begins anew where a mirror knows no ranges, and where the bytes kept are wrong", async () => {
  await using fixture = new Fixture();
  fixture.hub.ranges = false;
  fixture.hub.fail(/GET cdn/, { dropAfter: 1000 });
  const path = await fixture.fetch();
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);

  fixture.hub.ranges = true;
  for (
    const kept of [new Uint8Array(5000), new Uint8Array(WEIGHTS.length), new Uint8Array(WEIGHTS.length + 1)]
  ) {
    rmSync(join(fixture.directory, "blobs", sha256(WEIGHTS)));
    writeFileSync(join(fixture.directory, "blobs", `${sha256(WEIGHTS)}.incomplete`), kept);
    await fixture.fetch();
    assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  }
});

Deno.test("fetchModel() tells damage by hash, tries once more, and gives up with a line", async () => {
  await using fixture = new Fixture();
  fixture.hub.fail(/GET cdn/, { corruptAt: 1234 });
  fixture.hub.fail(/GET hub .*\/config.json/, { corruptAt: 3 });
  const path = await fixture.fetch();
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.equal(readFileSync(join(path, "config.json"), "utf8"), CONFIG);

  rmSync(fixture.directory, { recursive: true });
  fixture.hub.fail(/GET cdn/, { corruptAt: 1234 }, 2);
  await fails(fixture.fetch(), /arrives damaged .* HF_ENDPOINT/);
  assert.ok(!existsSync(join(path, "model.safetensors")));
  assert.ok(!readdirSync(join(fixture.directory, "blobs")).some((name) => name.startsWith(sha256(WEIGHTS))));
});

Deno.test("fetchModel() tries again after 5xx and 429, waiting longer each time or as long as asked, and then says so", async () => {
  await using fixture = new Fixture();
  fixture.hub.fail(/GET hub \/api/, { status: 503 }, 2);
  fixture.hub.fail(/GET cdn/, { status: 500 });
  await fixture.fetch();
  assert.deepEqual(fixture.pauses, [1000, 2000, 1000]);
  fixture.pauses.length = 0;
  fixture.hub.fail(/GET hub \/api/, { status: 429, retryAfter: 7 });
  await fixture.fetch();
  assert.deepEqual(fixture.pauses, [7000]);

  rmSync(fixture.directory, { recursive: true });
  fixture.hub.fail(/GET hub \/api/, { status: 502 }, 5);
  await fails(
    fixture.fetch(),
    /IceBERT-igc: 127.0.0.1:\d+ answers 502; run the same command again later, or download it/,
  );
  fixture.hub.fail(/GET cdn/, { status: 503 }, 5);
  await fails(fixture.fetch(), /answers 503/);
  fixture.hub.fail(/GET hub \/api/, { status: 429 }, 5);
  await fails(fixture.fetch(), /too many requests; wait/);
});

Deno.test("fetchModel() counts a connection as lost when nothing comes for a while", async () => {
  await using fixture = new Fixture();
  fixture.hub.fail(/GET cdn/, { stallAfter: 1000 });
  const settings = { ...hubSettings({ HF_ENDPOINT: fixture.hub.endpoint }), timeout: 500 };
  const path = await fixture.fetch({}, { settings });
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.equal(fixture.downloads().at(-1), "cdn bytes=1000-");
});

Deno.test("fetchModel() sends the token to the hub and to nobody else", async () => {
  await using fixture = new Fixture();
  fixture.repository.private = true;
  await fails(
    fixture.fetch(),
    /no such repository at 127.0.0.1:\d+; check the name, or set HF_TOKEN if it is private/,
  );
  await fails(fixture.fetch({ HF_TOKEN: "hf_wrong" }), /does not accept HF_TOKEN/);
  fixture.hub.requests.length = 0;
  await fixture.fetch({ HF_TOKEN: STUB_TOKEN });
  for (const { host, authorization } of fixture.hub.requests) {
    assert.equal(authorization, host === "hub" ? `Bearer ${STUB_TOKEN}` : null);
  }
  assert.ok(fixture.hub.requests.some(({ host }) => host === "cdn"));
});

Deno.test("fetchModel() follows a renamed repository", async () => {
  await using fixture = new Fixture();
  fixture.hub.renamed.set("roberta-base", "mideind/IceBERT-igc");
  const path = await fetchModel("roberta-base", fixture.options({ HF_TOKEN: STUB_TOKEN }));
  assert.deepEqual(new Uint8Array(readFileSync(join(path, "model.safetensors"))), WEIGHTS);
  assert.match(path, /models--roberta-base/);
});

Deno.test("fetchModel() says in one line what the hub refuses and what to do", async () => {
  await using fixture = new Fixture();
  const { hub, repository } = fixture;
  await fails(
    fetchModel("no/such", fixture.options()),
    /^no\/such: no such file or directory, and no such repository/,
  );
  await fails(fixture.fetch({}, { revision: "v9" }), /has no revision v9; look up its branches and tags/);
  await fails(fixture.fetch({}, { revision: "../x" }), /--revision: ..\/x is no branch/);
  repository.gated = true;
  await fails(fixture.fetch(), /is gated; accept its terms at .*IceBERT-igc and set HF_TOKEN/);
  hub.fail(/GET/, { status: 403, message: "no scope" });
  await fails(fixture.fetch({ HF_TOKEN: STUB_TOKEN }), /refuses access \(answers 403 \(no scope\)\)/);
  assert.deepEqual(readdirSync(fixture.cacheDir), [], "nothing is left of what failed");
});

Deno.test("fetchModel() takes branches, tags and commits", async () => {
  await using fixture = new Fixture();
  const other = "f".repeat(40);
  fixture.repository.refs.set("refs/pr/1", other);
  const options = fixture.options({}, { revision: "refs/pr/1" });
  const model = await fetchNamedModel("mideind/IceBERT-igc", options);
  assert.deepEqual([model.repository, model.commit], ["mideind/IceBERT-igc", other]);
  assert.equal(await fixture.fetch({}, { revision: other }), model.path);
  assert.equal(await fixture.fetch({ HF_HUB_OFFLINE: "1" }, { revision: "refs/pr/1" }), model.path);
  assert.equal(await fixture.fetch({ HF_HUB_OFFLINE: "1" }, { revision: other }), model.path);
});

Deno.test("fetchModel() uses what is complete in the cache when offline or the hub cannot be reached, else says what to do", async () => {
  await using fixture = new Fixture();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const gone = { HF_ENDPOINT: `http://127.0.0.1:${listener.addr.port}` };
  listener.close(); // nobody listens there any more
  const message =
    /^mideind\/IceBERT-igc: no such file or directory, and 127.0.0.1:\d+ cannot be reached \(the connection is refused\); .*HF_ENDPOINT/;
  await fails(fixture.fetch(gone), message);
  await fails(
    fixture.fetch({ HF_HUB_OFFLINE: "1" }),
    /revision main .* was not fetched before, while HF_HUB_OFFLINE/,
  );
  const path = await fixture.fetch();
  fixture.hub.requests.length = 0;
  assert.equal(await fixture.fetch({ HF_HUB_OFFLINE: "1" }), path);
  assert.equal(fixture.hub.requests.length, 0);
  assert.equal(await fixture.fetch(gone), path);
  assert.match(
    fixture.notices.join("\n"),
    /the connection is refused; going on with commit 0123.*, fetched before/,
  );
  rmSync(join(path, "model.safetensors"));
  await fails(fixture.fetch(gone), message);
});

Deno.test({
  name: "fetchModel() says when the disk is full",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using fixture = new Fixture();
    const blobs = join(fixture.directory, "blobs");
    mkdirSync(blobs, { recursive: true });
    symlinkSync("/dev/full", join(blobs, `${sha256(WEIGHTS)}.incomplete`));
    await fails(
      fixture.fetch(),
      /no room for 1 MB more; free space, or name another place with --cache-dir or HF_HOME/,
    );
  },
});

Deno.test("fetchModel() by two at once downloads a file once", async () => {
  await using fixture = new Fixture();
  const both = await Promise.all([fixture.fetch(), fixture.fetch()]);
  assert.equal(both[0], both[1]);
  assert.equal(fixture.downloads().filter((name) => name === "cdn").length, 1);
});

Deno.test("fetchModel() writes nothing outside its cache and reads no list for ever, whatever a hub answers", async () => {
  await using fixture = new Fixture();
  const hub = (commit: string, files: unknown, link?: string): FetchModelOptions =>
    fixture.options({}, {
      fetch: (input) => {
        const isTree = String(input).includes("/tree/");
        if (!isTree && !String(input).includes("/revision/")) return Promise.resolve(new Response("evil"));
        const headers = isTree && link ? { link: `<${fixture.hub.endpoint}${link}>; rel="next"` } : {};
        return Promise.resolve(Response.json(isTree ? files : { sha: commit, id: "x" }, { headers }));
      },
    });
  const file = (path: string, oid: unknown): unknown => ({ type: "file", path, size: 4, oid });
  const good = gitHash(new TextEncoder().encode("evil"));
  const refused: [string, unknown][] = [
    ["../../evil", [file("config.json", good)]],
    [STUB_COMMIT, [file("config.json", "../../../evil"), file("model.safetensors", good)]],
    [STUB_COMMIT, [
      file("config.json", good),
      file("../model.safetensors", good),
      file("/etc/model.safetensors", good),
    ]],
    [STUB_COMMIT, [file("config.json", { evil: 1 })]],
    [STUB_COMMIT, []],
  ];
  for (const [commit, files] of refused) await fails(fetchModel("a/b", hub(commit, files)), /^a\/b: /);
  assert.deepEqual(readdirSync(fixture.cacheDir), []);
  const page = Array.from({ length: 20_000 }, () => file("config.json", good));
  await fails(
    fetchModel("a/b", hub(STUB_COMMIT, page, "/api/models/a/b/tree/x?cursor=1")),
    /lists files without end/,
  );
});
