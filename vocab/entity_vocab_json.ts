import { closeSync, openSync, readSync } from "node:fs";
import { UserError } from "@lukeforge/corpus";

const CHUNK_BYTES = 1 << 22;
const [QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x2c, 0x7b, 0x7d];

/** Takes an entry: its key, `bytes[from … to)` in UTF-8, valid until the next; its id; where it starts in the file. */
export type EntityKeySink = (
  bytes: Uint8Array,
  from: number,
  to: number,
  id: number,
  position: number,
) => void;

/**
 * Reads `entity_vocab.json`, one JSON object from key to id, in pieces: that of mLUKE has 418 MB and does not fit a string.
 *
 * @param offset where the object begins in a file that holds more, in bytes.
 * @throws {UserError} naming file and byte when it cannot be read, is no such object, or is not UTF-8.
 */
export function readEntityKeys(file: string, sink: EntityKeySink, offset?: number): void {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw new UserError(`${file}: cannot be read (${(error as Error).message}); check the path`);
  }
  try {
    new EntityKeyReader(file, handle, offset).read(sink);
  } finally {
    closeSync(handle);
  }
}

class EntityKeyReader {
  #bytes = new Uint8Array(CHUNK_BYTES);
  #length = 0;
  #at = 0;
  /** Where `#bytes` starts in the file. */
  #base = 0;
  #isEnd = false;
  #key = new Uint8Array(1 << 10);

  constructor(readonly file: string, readonly handle: number, readonly offset: number | undefined) {
    this.#base = offset ?? 0;
  }

  read(sink: EntityKeySink): void {
    this.#fill();
    if (this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf) this.#at = 3;
    this.#expect(OPEN, "{");
    if (this.#peek() === CLOSE) this.#at++;
    else {
      for (;;) {
        this.#entry(sink);
        const next = this.#peek();
        this.#at++;
        if (next === CLOSE) break;
        if (next !== COMMA) this.#fail("expected , or }", -1);
      }
    }
    if (this.offset === undefined && this.#peek() !== undefined) this.#fail("something follows the object");
  }

  #entry(sink: EntityKeySink): void {
    this.#peek();
    // An entry has to be in the buffer as a whole.
    for (let size = 256;; size *= 2) {
      const available = this.#length - this.#at;
      if (available < size && !this.#isEnd) this.#fill();
      if (this.#tryEntry(sink)) return;
      if (this.#isEnd && this.#length - this.#at <= size) {
        this.#fail("the file ends in an entry", this.#length - this.#at);
      }
      if (size > MAX_ENTRY) this.#fail("the key is longer than 1 MiB");
    }
  }

  /** @returns false when the entry goes on beyond the buffer. */
  #tryEntry(sink: EntityKeySink): boolean {
    const bytes = this.#bytes;
    const end = this.#length;
    const start = this.#at;
    if (bytes[start] !== QUOTE) this.#fail("expected a key in quotation marks");
    let at = start + 1;
    let isPlain = true;
    let isAscii = true;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        isPlain = false;
        at++;
      } else if (byte >= 0x80) isAscii = false;
      else if (byte < 0x20) this.#fail("a control character in a key", at - start);
    }
    const close = at++;
    while (at < end && isSpace(bytes[at])) at++;
    if (at >= end) return false;
    if (bytes[at] !== COLON) this.#fail("expected a colon after the key", at - start);
    at++;
    while (at < end && isSpace(bytes[at])) at++;
    let id = 0;
    const digits = at;
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      id = id * 10 + digit;
    }
    if (at >= end) return false;
    if (
      at === digits || at - digits > 9 || !(isSpace(bytes[at]) || bytes[at] === COMMA || bytes[at] === CLOSE)
    ) {
      this.#fail("expected an id, a number from 0", digits - start);
    }
    const position = this.#base + start;
    if (!isAscii) this.#checkUtf8(start + 1, close);
    if (isPlain) sink(bytes, start + 1, close, id, position);
    else sink(this.#key, 0, this.#unescape(start + 1, close), id, position);
    this.#at = at;
    return true;
  }

  #unescape(from: number, to: number): number {
    if (this.#key.length < to - from) this.#key = new Uint8Array(2 * (to - from));
    const key = this.#key;
    let length = 0;
    const put = (code: number): void => {
      if (code < 0x80) key[length++] = code;
      else if (code < 0x800) {
        key[length++] = 0xc0 | code >> 6;
        key[length++] = 0x80 | code & 0x3f;
      } else if (code < 0x10000) {
        key[length++] = 0xe0 | code >> 12;
        key[length++] = 0x80 | code >> 6 & 0x3f;
        key[length++] = 0x80 | code & 0x3f;
      } else {
        key[length++] = 0xf0 | code >> 18;
        key[length++] = 0x80 | code >> 12 & 0x3f;
        key[length++] = 0x80 | code >> 6 & 0x3f;
        key[length++] = 0x80 | code & 0x3f;
      }
    };
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte !== BACKSLASH) {
        key[length++] = byte;
        continue;
      }
      const letter = String.fromCharCode(this.#bytes[++at] ?? 0);
      const plain = ESCAPES[letter];
      if (plain !== undefined) put(plain);
      else if (letter === "u") {
        let code = this.#hex(at + 1, to);
        at += 4;
        if (
          code >= 0xd800 && code < 0xdc00 && this.#bytes[at + 1] === BACKSLASH && this.#bytes[at + 2] === 0x75
        ) {
          const low = this.#hex(at + 3, to);
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + (code - 0xd800) * 0x400 + low - 0xdc00;
            at += 6;
          }
        }
        // Half a character alone cannot be written in UTF-8.
        put(code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
      } else this.#fail("an unknown escape in a key", at - this.#at);
    }
    return length;
  }

  #hex(at: number, to: number): number {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const byte = at + i < to ? this.#bytes[at + i] ?? 0 : 0;
      const digit = byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
        ? (byte | 0x20) - 0x57
        : this.#fail("a malformed \\u escape in a key", at - this.#at);
      code = code * 16 + digit;
    }
    return code;
  }

  #checkUtf8(from: number, to: number): void {
    for (let at = from; at < to;) {
      const byte = this.#bytes[at] ?? 0;
      const length = byte < 0x80
        ? 1
        : byte < 0xc2
        ? 0
        : byte < 0xe0
        ? 2
        : byte < 0xf0
        ? 3
        : byte < 0xf5
        ? 4
        : 0;
      let isValid = length > 0 && at + length <= to;
      for (let i = 1; i < length; i++) isValid &&= ((this.#bytes[at + i] ?? 0) & 0xc0) === 0x80;
      const second = this.#bytes[at + 1] ?? 0;
      if (byte === 0xe0 && second < 0xa0 || byte === 0xed && second > 0x9f) isValid = false;
      if (byte === 0xf0 && second < 0x90 || byte === 0xf4 && second > 0x8f) isValid = false;
      if (!isValid) this.#fail("a key is not UTF-8", at - this.#at);
      at += length;
    }
  }

  /** The next byte that is no white space; `undefined` at the end of the file. */
  #peek(): number | undefined {
    for (;;) {
      while (this.#at < this.#length && isSpace(this.#bytes[this.#at])) this.#at++;
      if (this.#at < this.#length) return this.#bytes[this.#at];
      if (this.#isEnd) return undefined;
      this.#fill();
    }
  }

  #expect(byte: number, name: string): void {
    if (this.#peek() !== byte) this.#fail(`expected ${name}`);
    this.#at++;
  }

  /** Moves what is not used yet to the front and reads on; where nothing is used, the buffer grows. */
  #fill(): void {
    if (this.#at === 0 && this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    } else {
      this.#bytes.copyWithin(0, this.#at, this.#length);
      this.#base += this.#at;
      this.#length -= this.#at;
      this.#at = 0;
    }
    const room = this.#bytes.length - this.#length;
    const read = readSync(this.handle, this.#bytes, this.#length, room, this.#base + this.#length);
    this.#length += read;
    if (read === 0) this.#isEnd = true;
  }

  #fail(reason: string, offset = 0): never {
    throw new UserError(
      `${this.file}, byte ${
        this.#base + this.#at + offset
      }: ${reason}; an entity vocabulary is one JSON object from title to id: copy the file again`,
    );
  }
}

/** Entity titles have at most 255 bytes. */
const MAX_ENTRY = 1 << 20;

const ESCAPES: Readonly<Record<string, number>> = {
  '"': 0x22,
  "\\": 0x5c,
  "/": 0x2f,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
};

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
