/** Token ids with the places of the text that they stand for, in UTF-16 code units; three lists of one length. */
export interface AlignedTokens {
  /** Token ids. */
  readonly ids: number[];
  /** Where each token starts. */
  readonly starts: number[];
  /** Where each token ends, exclusive. */
  readonly ends: number[];
}

/** No tokens yet. */
export function noTokens(): AlignedTokens {
  return { ids: [], starts: [], ends: [] };
}

/** Adds one token. */
export function addToken(tokens: AlignedTokens, id: number, start: number, end: number): void {
  tokens.ids.push(id);
  tokens.starts.push(start);
  tokens.ends.push(end);
}
