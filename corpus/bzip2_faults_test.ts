import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { decompressBzip2 } from "./bzip2.ts";
import { BLOCK_MARK, FOOTER_MARK } from "./bzip2_marks.ts";
import { TruncatedInputError } from "./input_errors.ts";
import { UserError } from "./user_error.ts";

const hello = Uint8Array.from(
  atob("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi"),
  (character) => character.charCodeAt(0),
);

/** What came out before an error, and the error. */
interface Outcome {
  readonly output: Uint8Array;
  readonly error?: unknown;
}

async function decode(data: Uint8Array, workers = 1): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  const source = (async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < data.length; at += 4000) yield data.subarray(at, at + 4000);
  })();
  try {
    for await (const part of decompressBzip2(source, { name: "dump.bz2", workers })) {
      parts.push(part);
    }
  } catch (error) {
    return { output: Buffer.concat(parts), error };
  }
  return { output: Buffer.concat(parts) };
}

const toBits = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
const toBytes = (bits: string): Uint8Array =>
  Uint8Array.from(
    (bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)),
  );

/**
 * `hello` with `mark` in the middle of its block: among selectors of Huffman tables beyond those that it needs, which decoders read
 * and leave alone. Selectors are written in unary, so that six tables let any bits without six ones in a row be selectors.
 */
function withFalseMark(mark: number): Uint8Array {
  const bits = toBits(hello);
  const symbols = 7; // h e l o and the line break, and two for runs
  const usedMaps = (bits.slice(32 + 48 + 32 + 1 + 24).slice(0, 16).match(/1/g) ?? []).length;
  const groupsAt = 32 + 48 + 32 + 1 + 24 + 16 + 16 * usedMaps;
  const groups = parseInt(bits.slice(groupsAt, groupsAt + 3), 2);
  const selectors = parseInt(bits.slice(groupsAt + 3, groupsAt + 18), 2);
  let at = groupsAt + 18;
  for (let i = 0; i < selectors; i++) at = bits.indexOf("0", at) + 1;
  const selectorBits = bits.slice(groupsAt + 18, at);
  for (let table = 0; table < groups; table++) {
    at += 5;
    for (let symbol = 0; symbol < symbols; symbol++) {
      while (bits[at] === "1") at += 2;
      at++;
    }
  }
  const tables = bits.slice(groupsAt + 18 + selectorBits.length, at);
  const extra = mark.toString(2).padStart(48, "0") + "0";
  const changed = bits.slice(0, groupsAt) + "110" +
    (selectors + extra.replaceAll("1", "").length).toString(2).padStart(15, "0") + selectorBits + extra +
    tables + ("00011" + "0".repeat(symbols)).repeat(6 - groups);
  const footer = bits.lastIndexOf(FOOTER_MARK.toString(2).padStart(48, "0"));
  return toBytes(changed + bits.slice(at, footer + 80));
}

for (const [what, mark] of [["block", BLOCK_MARK], ["footer", FOOTER_MARK]] as const) {
  Deno.test(`decompressBzip2() sees through bits that look like the mark of a ${what}`, async () => {
    const tricky = withFalseMark(mark);
    const { output, error } = await decode(Buffer.concat([hello, tricky, tricky, hello]));
    assert.equal(error, undefined);
    assert.equal(new TextDecoder().decode(output), "hello\n".repeat(4));
  });
}

Deno.test("decompressBzip2() gives the same for any number of workers", async () => {
  const data = Buffer.concat([hello, withFalseMark(BLOCK_MARK), hello, hello.subarray(0, 20)]);
  for (const workers of [1, 2, 5]) {
    const { output, error } = await decode(data, workers);
    assert.equal(new TextDecoder().decode(output), "hello\n".repeat(3));
    assert.ok(error instanceof TruncatedInputError);
  }
});

/** Flips each `step`th bit of `data`: what comes out is what is in `whole`, up to an error that names name and byte. */
async function checkFlips(data: Uint8Array, whole: Uint8Array, step: number): Promise<void> {
  for (let bit = 0; bit < data.length * 8; bit += step) {
    const flipped = data.slice();
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7));
    const { output, error } = await decode(flipped);
    assert.deepEqual(output, Buffer.from(whole.subarray(0, output.length)), `bit ${bit}`);
    if (error === undefined) assert.equal(output.length, whole.length, `bit ${bit}`);
    else {
      assert.ok(error instanceof UserError, `bit ${bit}: ${error}`);
      const at = Number(/^dump\.bz2: (?:damaged near|cut off at) byte (\d+)/.exec(error.message)?.[1]);
      assert.ok(at <= data.length, `bit ${bit}: ${error.message}`);
    }
  }
}

Deno.test("decompressBzip2() finds every flipped bit, or it does no harm", async () => {
  const data = Buffer.concat([hello, withFalseMark(FOOTER_MARK), hello]);
  await checkFlips(data, new TextEncoder().encode("hello\n".repeat(3)), 1);
});

Deno.test("decompressBzip2() tells a damaged footer from data that are cut off", async () => {
  const footer = toBits(hello).indexOf(FOOTER_MARK.toString(2).padStart(48, "0"));
  for (let bit = footer; bit < footer + 48; bit++) {
    const flipped = Uint8Array.from([...hello, ...hello]);
    const at = hello.length + (bit >>> 3);
    flipped[at] = (flipped[at] ?? 0) ^ (0x80 >>> (bit & 7));
    const { error } = await decode(flipped);
    assert.match(
      `${error}`,
      new RegExp(
        `dump\\.bz2: damaged near byte ${hello.length + (footer >>> 3)} \\(no footer after the last block`,
      ),
    );
  }
});

const dump = new URL("../../shared/data/wikidumps/iswiki.xml.bz2", import.meta.url);
Deno.test({
  name: "decompressBzip2() finds flipped bits of a dump, or they do no harm",
  ignore: !existsSync(dump),
  fn: async () => {
    const data = readFileSync(dump);
    const { output } = await decode(data);
    await checkFlips(data, output, 97);
  },
});

Deno.test({
  name: "decompressBzip2() reports a dump cut off anywhere",
  ignore: !existsSync(dump),
  fn: async () => {
    const data = readFileSync(dump);
    for (let length = 0; length < data.length; length += 211) {
      const { error } = await decode(data.subarray(0, length));
      assert.ok(error instanceof TruncatedInputError, `${error}`);
      assert.match(error.message, new RegExp(`^dump\\.bz2: cut off at byte ${length}:`));
    }
  },
});
