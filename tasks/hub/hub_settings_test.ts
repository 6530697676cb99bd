import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { hubSettings } from "./hub_settings.ts";

Deno.test("hubSettings() reads what Hugging Face's programs read, with their defaults", () => {
  const plain = hubSettings({});
  assert.deepEqual(plain, {
    endpoint: "https://huggingface.co",
    offline: false,
    cacheDir: join(homedir(), ".cache", "huggingface", "hub"),
    timeout: 30_000,
  });
  const cacheDir = (environment: Record<string, string>): string => hubSettings(environment).cacheDir;
  assert.equal(cacheDir({ XDG_CACHE_HOME: "/x" }), join("/x", "huggingface", "hub"));
  assert.equal(cacheDir({ XDG_CACHE_HOME: "/x", HF_HOME: "/h" }), join("/h", "hub"));
  assert.equal(cacheDir({ HF_HOME: "~/h" }), join(homedir(), "h", "hub"));
  assert.equal(cacheDir({ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old" }), "/old");
  assert.equal(cacheDir({ HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/c" }), "/c");
  const given = { HF_ENDPOINT: "http://mirror/hf/", HF_TOKEN: " hf_a\n", HF_HUB_DOWNLOAD_TIMEOUT: "5" };
  const settings = hubSettings(given);
  assert.deepEqual([settings.endpoint, settings.token, settings.timeout], ["http://mirror/hf", "hf_a", 5000]);
  for (
    const [text, offline] of [["1", true], ["TRUE", true], ["yes", true], ["0", false], ["", false]] as const
  ) {
    assert.equal(hubSettings({ HF_HUB_OFFLINE: text }).offline, offline);
    assert.equal(hubSettings({ TRANSFORMERS_OFFLINE: text }).offline, offline);
  }
});

Deno.test("hubSettings() refuses what it cannot use, without printing a token", () => {
  assert.throws(
    () => hubSettings({ HF_ENDPOINT: "mirror" }),
    /HF_ENDPOINT: mirror is no address; give one such as/,
  );
  assert.throws(() => hubSettings({ HF_ENDPOINT: "ftp://a" }), /HF_ENDPOINT/);
  assert.throws(
    () => hubSettings({ HF_TOKEN: "hf_secret secret" }),
    (error: Error) => !error.message.includes("secret"),
  );
});
