/**
 * Yields what `source` yields, asking for the next item before the present one is used: work that `source` does on another
 * thread runs while the consumer works on this one.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
  let next = source.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = source.next();
      next.catch(() => {}); // reported by the await above; not as an unhandled rejection meanwhile
      yield value;
    }
  } finally {
    await source.return();
  }
}
