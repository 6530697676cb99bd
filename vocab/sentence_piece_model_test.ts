import { deepEqual, throws } from "node:assert/strict";
import { UserError } from "@lukeforge/corpus";
import fc from "fast-check";
import { readSentencePieceModel } from "./sentence_piece_model.ts";

// Fields 1: piece "a", score -1.5, type 1; then a control piece.
const piece = [0x0a, 0x0a, 0x0a, 0x01, 0x61, 0x15, 0, 0, 0xc0, 0xbf, 0x18, 0x01];
const control = [0x0a, 0x05, 0x0a, 0x01, 0x62, 0x18, 0x03];

Deno.test("readSentencePieceModel() reads pieces, scores, types and the table of normalizations", () => {
  const model = readSentencePieceModel(
    Uint8Array.from([...piece, ...control, 0x1a, 0x03, 0x12, 0x01, 0x07]),
    "m",
  );
  deepEqual(model.pieces, [
    { piece: "a", score: -1.5, type: "normal" },
    { piece: "b", score: 0, type: "control" },
  ]);
  deepEqual(Array.from(model.precompiledCharsmap), [7]);
});

Deno.test("readSentencePieceModel() refuses BPE models, cut files and other bytes in one line", () => {
  const refused = (bytes: number[], pattern: RegExp): void =>
    throws(
      () => readSentencePieceModel(Uint8Array.from(bytes), "x.model"),
      (error) => error instanceof UserError && pattern.test(error.message) && !error.message.includes("\n"),
    );
  refused([...piece, 0x12, 0x02, 0x18, 0x02], /x\.model: is no unigram model/);
  refused([], /no pieces/);
  for (let length = 1; length < piece.length; length++) {
    refused(piece.slice(0, length), /is no SentencePiece model/);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      readSentencePieceModel(bytes, "x");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }));
});
