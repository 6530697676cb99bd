import fc from "fast-check";

const PARTS = [
  ...["Mr.", "A.", "U.S.", "[1]", "3", "a", "B"],
  ...["。", "!", ".", "(", ")", " ", "\n", "\u00a0", "😀", "\ud800"],
];

/** Texts of what sentence splitters stumble over, halves of characters too. */
export const awkwardText: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(...PARTS),
  maxLength: 40,
});
