import assert from "node:assert/strict";
import { ProtobufMessage } from "./protobuf_message.ts";

function hex(message: ProtobufMessage): string {
  const bytes = [...message.chunks()].flatMap((chunk) => [...chunk]);
  assert.equal(bytes.length, message.length);
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

Deno.test("ProtobufMessage writes the examples of the protobuf manual", () => {
  assert.equal(hex(new ProtobufMessage().integer(1, 150)), "08 96 01");
  assert.equal(hex(new ProtobufMessage().string(2, "testing")), "12 07 74 65 73 74 69 6e 67");
  assert.equal(hex(new ProtobufMessage().bytes(3, new ProtobufMessage().integer(1, 150))), "1a 03 08 96 01");
  assert.equal(hex(new ProtobufMessage().integer(1, -2)), "08 fe ff ff ff ff ff ff ff ff 01");
  assert.equal(hex(new ProtobufMessage().float(2, 1)), "15 00 00 80 3f");
});

Deno.test("ProtobufMessage takes high field numbers and integers, and refuses what is no integer", () => {
  assert.equal(hex(new ProtobufMessage().integer(20, 0)), "a0 01 00");
  assert.equal(hex(new ProtobufMessage().integer(1, 2 ** 53 - 1)), "08 ff ff ff ff ff ff ff 0f");
  assert.throws(() => new ProtobufMessage().integer(1, 0.5), RangeError);
  assert.throws(() => new ProtobufMessage().integer(1, 2 ** 53), RangeError);
});

Deno.test("ProtobufMessage asks a source for its bytes only when it is written itself", () => {
  let asked = 0;
  const source = {
    length: 3_000_000_000,
    *chunks(): Generator<Uint8Array> {
      asked++;
      yield new Uint8Array(2);
    },
  };
  const message = new ProtobufMessage().bytes(1, source);
  assert.equal(message.length, 3_000_000_006);
  assert.equal(asked, 0);
  const chunks = message.chunks();
  assert.deepEqual([...chunks.next().value ?? []], [0x0a, 0x80, 0xbc, 0xc1, 0x96, 0x0b]);
  chunks.next();
  assert.equal(asked, 1);
});
