/** Bytes whose number is known before they are made. */
export interface ByteSource {
  /** How many there are. */
  readonly length: number;
  /** All of them in order, a piece at a time. */
  chunks(): Iterable<Uint8Array>;
}

/** How the value of a field is encoded; the lower three bits of its tag. */
const WIRE = { varint: 0, lengthDelimited: 2, fixed32: 5 } as const;

/**
 * A protobuf message that is written: fields in the order they are added, each encoded at once, except that the bytes of a
 * {@linkcode ByteSource} are asked for when the message is.
 */
export class ProtobufMessage implements ByteSource {
  readonly #parts: (Uint8Array | ByteSource)[] = [];
  #length = 0;

  /** Bytes of what was added so far. */
  get length(): number {
    return this.#length;
  }

  /** A field of type int32, int64 or enum. Throws a RangeError beyond the integers that a number holds exactly. */
  integer(field: number, value: number): this {
    if (!Number.isSafeInteger(value)) throw new RangeError(`field ${field}: ${value} is no integer`);
    return this.#add(Uint8Array.from([...tag(field, "varint"), ...varint(value)]));
  }

  /** A field of type float. */
  float(field: number, value: number): this {
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setFloat32(0, value, true);
    return this.#add(Uint8Array.from([...tag(field, "fixed32"), ...new Uint8Array(bytes.buffer)]));
  }

  /** A field of type string. */
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A field of type bytes, or a message that is complete. */
  bytes(field: number, value: Uint8Array | ByteSource): this {
    this.#add(Uint8Array.from([...tag(field, "lengthDelimited"), ...varint(value.length)]));
    return this.#add(value);
  }

  /** The encoded message. */
  *chunks(): Generator<Uint8Array> {
    for (const part of this.#parts) {
      if (part instanceof Uint8Array) yield part;
      else yield* part.chunks();
    }
  }

  #add(part: Uint8Array | ByteSource): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

function tag(field: number, wire: keyof typeof WIRE): number[] {
  return varint(field * 8 + WIRE[wire]);
}

/** Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}
