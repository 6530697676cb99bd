import assert from "node:assert/strict";
import { HubClient } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";

const settings = { endpoint: "https://hub/path", token: "hf_x", offline: false, cacheDir: "", timeout: 50 };

/** A client whose requests are answered by `answer`; what was asked, with which token; how long it waited. */
function clientOf(
  answer: (url: string, attempt: number) => Response | Promise<Response>,
): { client: HubClient; asked: [string, string | null][]; pauses: number[]; notices: string[] } {
  const asked: [string, string | null][] = [], pauses: number[] = [], notices: string[] = [];
  const client = new HubClient(settings, {
    fetch: async (input, init) => {
      const url = String(input);
      asked.push([url, new Headers(init?.headers).get("authorization")]);
      init?.signal?.throwIfAborted();
      const aborted = new Promise<never>((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")))
      );
      return await Promise.race([answer(url, asked.length), aborted]);
    },
    sleep: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)),
    notice: (line) => notices.push(line),
  });
  return { client, asked, pauses, notices };
}

const redirect = (location: string, status = 302): Response =>
  new Response(null, { status, headers: { location } });

Deno.test("HubClient.fetch() sends the token to the endpoint's origin alone, whatever redirects and callers say", async () => {
  const { client, asked } = clientOf((url) =>
    url === "https://hub/a"
      ? redirect("/b")
      : url === "https://hub/b"
      ? redirect("https://cdn/c?signature=1")
      : url.startsWith("https://cdn")
      ? redirect("https://hub:8443/d")
      : new Response("good")
  );
  const response = await client.fetch("https://hub/a", {
    headers: { authorization: "Bearer hf_of_the_library" },
  });
  assert.equal(await response.text(), "good");
  assert.deepEqual(asked, [
    ["https://hub/a", "Bearer hf_x"],
    ["https://hub/b", "Bearer hf_x"],
    ["https://cdn/c?signature=1", null],
    ["https://hub:8443/d", null],
  ]);
});

Deno.test("HubClient.fetch() follows no redirect for ever, and none that would change a POST", async () => {
  const endless = clientOf(() => redirect("https://hub/a"));
  await assert.rejects(endless.client.fetch("https://hub/a"), /is redirected without end/);
  assert.equal(endless.asked.length, 11);
  const post = clientOf((url) => url.endsWith("/b") ? new Response() : redirect("/b"));
  await assert.rejects(post.client.fetch("https://hub/a", { method: "POST", body: "x" }), { status: 302 });
  const kept = clientOf((url) => url.endsWith("/b") ? new Response() : redirect("/b", 307));
  assert.ok((await kept.client.fetch("https://hub/a", { method: "POST", body: "x" })).ok);
});

Deno.test("HubClient.fetch() tries five times, a connection that cannot be made twice, a commit once, a refusal once", async () => {
  const outage = clientOf(() => new Response(null, { status: 503 }));
  await assert.rejects(outage.client.fetch("https://hub/a"), { name: "HubError", status: 503 });
  assert.deepEqual(outage.pauses, [1000, 2000, 4000, 8000]);
  assert.deepEqual(outage.notices, [
    "hub: answers 503; trying again in 4 s",
    "hub: answers 503; trying again in 8 s",
  ]);
  const away = clientOf(() => Promise.reject(new TypeError("fetch failed", { cause: "dns error" })));
  await assert.rejects(away.client.fetch("https://hub/a"), /its address cannot be found/);
  assert.equal(away.asked.length, 2);
  const commit = clientOf(() => Promise.reject(new TypeError("connection reset")));
  await assert.rejects(
    commit.client.fetch("https://hub/api/models/a/b/commit/main", { method: "POST" }),
    /was lost/,
  );
  assert.equal(commit.asked.length, 1);
  const refused = clientOf(() => new Response(null, { status: 404 }));
  await assert.rejects(refused.client.fetch("https://hub/a"), { status: 404 });
  assert.equal(refused.asked.length, 1);
  const asking = clientOf((_, attempt) =>
    attempt === 1
      ? new Response(null, { status: 429, headers: { "retry-after": "3600" } })
      : new Response("good")
  );
  await asking.client.fetch("https://hub/a");
  assert.deepEqual(asking.pauses, [60_000]);
});

Deno.test("HubClient.fetch() tells what the hub says, cleaned and cut, and reads no answer without end", async () => {
  const refusal = (body: string): Response =>
    new Response(body, { status: 400, headers: { "content-type": "application/json" } });
  const { client } = clientOf(() => refusal('{"error": "a \\"b\\"\\n\u001b[31mc"}'));
  await assert.rejects(client.fetch("https://hub/a"), { message: "answers 400 (a b [31mc)" });
  const long = clientOf(() => refusal(`{"error": "${"x".repeat(5000)}"}`));
  await assert.rejects(long.client.fetch("https://hub/a"), (error: Error) => error.message.length < 250);
  const endless = clientOf(() =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2 ** 20)) }))
  );
  await assert.rejects(endless.client.fetch("https://hub/a"), /answers without end/);
});

Deno.test("HubClient.fetch() gives up an answer that does not come, and a caller's abort at once", async () => {
  const silent = clientOf(() => new Promise<never>(() => {}));
  await assert.rejects(silent.client.fetch("https://hub/a"), /no answer within 0 s/);
  assert.equal(silent.asked.length, 5);
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assert.rejects(silent.client.fetch("https://hub/a", { signal: controller.signal }), /enough/);
  assert.equal(silent.asked.length, 6);
});

Deno.test("HubError.isOutage and isUnreachable tell what may pass", () => {
  const kinds = [undefined, 408, 429, 500, 503, 400, 401, 403, 404, 412].map((status) =>
    new HubError("x", status)
  );
  assert.deepEqual(kinds.map(({ isOutage }) => isOutage), [
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  assert.ok(kinds.every(({ isUnreachable }) => !isUnreachable));
});
