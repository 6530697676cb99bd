import { deepEqual, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import { textLines } from "./text_lines.ts";

function withFile(bytes: Uint8Array, use: (path: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeFileSync(`${directory}/file.txt`, bytes);
    use(`${directory}/file.txt`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("textLines() splits at line feeds only, drops carriage returns before them and a byte order mark", () => {
  withFile(new TextEncoder().encode("\uFEFFa\r\n\nb\u2028c\r d\nlast"), (path) => {
    deepEqual([...textLines(path)], ["a", "", "b\u2028c\r d", "last"]);
  });
});

Deno.test("textLines() joins characters and lines that cross the pieces it reads", () => {
  const lines = [`${"x".repeat((1 << 20) - 1)}é`, "日".repeat(500_000), "end"];
  withFile(
    new TextEncoder().encode(lines.join("\n") + "\n"),
    (path) => deepEqual([...textLines(path)], lines),
  );
});

Deno.test("textLines() names a missing file and a file that is not UTF-8", () => {
  throws(
    () => [...textLines("/nowhere/at/all.txt")],
    (error) => error instanceof UserError && /all\.txt/.test(error.message),
  );
  withFile(new Uint8Array([0x61, 0x0a, 0xff, 0xfe]), (path) => {
    throws(
      () => [...textLines(path)],
      (error) => error instanceof UserError && /file\.txt, line 2: is not UTF-8/.test(error.message),
    );
  });
  const late = new TextEncoder().encode("é line\n".repeat(300_000));
  late[late.length - 2] = 0xc3; // half a character before the line's end
  withFile(late, (path) => throws(() => [...textLines(path)], /line 300000: is not UTF-8/));
});
