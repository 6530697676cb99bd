/**
 * The lists of whole numbers in a `tf.train.Example`, by name. Features of other kinds and unknown fields are skipped.
 *
 * The message is `Example { Features features = 1 }`, `Features { map<string, Feature> feature = 1 }`, `Feature { Int64List
 * int64_list = 3 }`, `Int64List { repeated int64 value = 1 }`, values packed or not, fields in any order.
 *
 * @throws {RangeError} when the bytes are no such message, or a number is beyond 2^53.
 */
export function int64Features(example: Uint8Array): Map<string, number[]> {
  const features = new Map<string, number[]>();
  const message = new WireReader(example);
  while (message.next()) {
    if (!message.isBytes(1)) continue;
    const map = new WireReader(message.bytes);
    while (map.next()) {
      if (!map.isBytes(1)) continue;
      const entry = new WireReader(map.bytes);
      let name = "", values: number[] = [];
      while (entry.next()) {
        if (entry.isBytes(1)) name = new TextDecoder().decode(entry.bytes);
        else if (entry.isBytes(2)) values = int64List(entry.bytes);
      }
      features.set(name, values);
    }
  }
  return features;
}

function int64List(feature: Uint8Array): number[] {
  const values: number[] = [];
  const message = new WireReader(feature);
  while (message.next()) {
    if (!message.isBytes(3)) continue;
    const list = new WireReader(message.bytes);
    while (list.next()) {
      if (list.field !== 1) continue;
      if (list.wireType === VARINT) values.push(list.value);
      else if (list.wireType === LENGTH) new WireReader(list.bytes).varints(values);
    }
  }
  return values;
}

const VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5;

/** Reads the fields of a protocol buffer one after the other. */
class WireReader {
  /** Number of the current field. */
  field = 0;
  /** How it is written. */
  wireType = 0;
  /** Its value, if it is a number. */
  value = 0;
  /** Its contents, if it has a length. */
  bytes: Uint8Array;
  readonly #message: Uint8Array;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
    this.bytes = message.subarray(0, 0);
  }

  /** Reads a field; false at the end. */
  next(): boolean {
    if (this.#at === this.#message.length) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field < 1) throw new RangeError(`field ${this.field}`);
    if (this.wireType === VARINT) this.value = this.#varint();
    else if (this.wireType === FIXED64) this.#take(8);
    else if (this.wireType === LENGTH) this.bytes = this.#take(this.#varint());
    else if (this.wireType === FIXED32) this.#take(4);
    else throw new RangeError(`wire type ${this.wireType}`);
    return true;
  }

  /** Whether the current field has this number, and contents. */
  isBytes(field: number): boolean {
    return this.field === field && this.wireType === LENGTH;
  }

  /** Reads numbers to the end. */
  varints(into: number[]): void {
    while (this.#at < this.#message.length) into.push(this.#varint());
  }

  #take(length: number): Uint8Array {
    if (length < 0 || length > this.#message.length - this.#at) {
      throw new RangeError("a field beyond the end");
    }
    this.#at += length;
    return this.#message.subarray(this.#at - length, this.#at);
  }

  /** A number of 64 bits in two's complement, seven bits a byte, the lowest first. */
  #varint(): number {
    let low = 0, high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#message[this.#at++];
      if (byte === undefined) throw new RangeError("a number beyond the end");
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << shift - 32;
      if (byte < 128) {
        const value = high * 2 ** 32 + (low >>> 0);
        if (!Number.isSafeInteger(value)) throw new RangeError("a number beyond 2^53");
        return value;
      }
    }
    throw new RangeError("a number of more than ten bytes");
  }
}
