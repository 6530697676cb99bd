import { deepEqual } from "node:assert/strict";
import { basicTokens } from "./basic_tokenizer.ts";

Deno.test("basicTokens() removes control characters and splits at white space, punctuation and ideographs", () => {
  deepEqual(basicTokens("It's  a\u00a0co-op,\tno\u2028?", false), [
    "It",
    "'",
    "s",
    "a",
    "co",
    "-",
    "op",
    ",",
    "no",
    "?",
  ]);
  deepEqual(basicTokens("x\u0000\u00ad\ufffdy\u200b z\u0007", false), ["xy", "z"]);
  deepEqual(basicTokens("日本go語 \u{20000}x かな", false), [
    "日",
    "本",
    "go",
    "語",
    "\u{20000}",
    "x",
    "かな",
  ]);
  deepEqual(basicTokens("$5^a`b~+ — ¿qué?", false), [
    "$",
    "5",
    "^",
    "a",
    "`",
    "b",
    "~",
    "+",
    "—",
    "¿",
    "qué",
    "?",
  ]);
  deepEqual(basicTokens(" \n ", false), []);
});

Deno.test("basicTokens() lower-cases and strips accents on request only", () => {
  deepEqual(basicTokens("Ünï ΟΔΟΣ Co\u0301", true), ["uni", "οδοσ", "co"]);
  deepEqual(basicTokens("Ünï", false), ["Ünï"]);
});
