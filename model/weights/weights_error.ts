/** Weights or a configuration that cannot be used; one line that names the file, the place and, where there is one, the remedy. */
export class WeightsError extends Error {
  /** For messages. */
  override readonly name: string = "WeightsError";
}
