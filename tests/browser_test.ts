/** The engine in a browser: a second WGSL compiler (Tint) and a second driver run every kernel and a tiny LUKE's training. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { BrowserReport } from "./browser_page.ts";
import { assertTrainsAsOracle } from "./same_training.ts";

/** Chromium brings its own software driver: a choice of drivers for Deno is not one for it. */
const env = Object.fromEntries(
  Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("VK_")),
);

const executablePath = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** WebGPU on the processor, and no name resolves: the page sees 127.0.0.1 and nothing else. */
const args = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The page's module with all it imports as one script. */
async function bundlePage(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "browser-page-"));
  try {
    const file = join(directory, "page.js");
    const entry = new URL("./browser_page.ts", import.meta.url).pathname;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform", "browser", "--output", file, entry],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return readFileSync(file, "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Serves the script, and returns what its `report()` returns in the browser. */
async function reportOfBrowser(script: string): Promise<BrowserReport> {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    switch (new URL(url).pathname) {
      case "/":
        return new Response("<!doctype html><title>LUKE</title>", {
          headers: { "content-type": "text/html" },
        });
      case "/page.js":
        return new Response(script, { headers: { "content-type": "text/javascript" } });
      default:
        return new Response(null, { status: 404 });
    }
  });
  await using browser = await chromium.launch({ executablePath, args, env });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.addr.port}/`);
  return await page.evaluate<BrowserReport>(`import("/page.js").then(({ report }) => report())`);
}

Deno.test({
  name: "LukeNetwork and every kernel in Chromium agree with the oracle",
  ignore: !existsSync(executablePath),
  async fn(t) {
    const { adapter, kernels, offences, training } = await reportOfBrowser(await bundlePage());
    await t.step(`${kernels.length} kernels on ${adapter}`, () => assert.deepEqual(offences, []));
    await t.step("two steps of training", () => assertTrainsAsOracle(training));
  },
});
