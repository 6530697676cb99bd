import process from "node:process";
import { createInterface } from "node:readline";
import { createReadStream } from "node:fs";
import { UserError } from "@lukeforge/corpus";

/** A line of a file or of standard input. */
export interface InputLine {
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
}

/**
 * Lines of UTF-8 text as they come, without their ends; `-` is standard input.
 *
 * @throws {UserError} when the file cannot be read.
 */
export async function* inputLines(path: string): AsyncGenerator<InputLine> {
  const source = path === "-" ? "standard input" : path;
  const input = path === "-" ? process.stdin : createReadStream(path);
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      yield { text, name: `${source}, line ${++number}` };
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new UserError(`${source}: cannot be read (${error.message}); check the path`);
  }
}

/** Lists of up to `size` in a row. */
export async function* inGroups<T>(values: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const value of values) {
    group.push(value);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
