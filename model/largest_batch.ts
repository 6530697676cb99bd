/** No batch is asked for beyond this many rows. */
const MOST_ROWS = 2 ** 20;

/**
 * The most rows whose `bytesOf` is at most `limit`; 0 when one row is too much. `bytesOf` grows with the rows, nearly in proportion,
 * and throws for rows that cannot be had at all. It is asked a few times: each guess goes on the line through the last two.
 */
export async function largestBatch(
  bytesOf: (rows: number) => Promise<number>,
  limit: number,
): Promise<number> {
  const need = async (rows: number): Promise<number> => {
    try {
      return await bytesOf(rows);
    } catch {
      return Infinity;
    }
  };
  let fits = { rows: 1, bytes: await need(1) };
  if (fits.bytes > limit) return 0;
  let fails = { rows: MOST_ROWS + 1, bytes: Infinity };
  let guess = 16;
  for (let asked = 1; fails.rows - fits.rows > 1; asked++) {
    const rows = Math.min(Math.max(guess, fits.rows + 1), fails.rows - 1);
    const bytes = await need(rows);
    const slope = (bytes - fits.bytes) / (rows - fits.rows);
    if (bytes <= limit) fits = { rows, bytes };
    else fails = { rows, bytes };
    // On a line that bends, or breaks off, halving goes on.
    const straight = slope > 0 && Number.isFinite(slope) && asked % 4 !== 0;
    guess = straight
      ? fits.rows + Math.floor((limit - fits.bytes) / slope)
      : Math.floor((fits.rows + fails.rows) / 2);
  }
  return fits.rows;
}
