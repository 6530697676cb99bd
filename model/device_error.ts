/** A device that cannot be had or has failed: one line with the remedy. */
export class DeviceError extends Error {
  /** The name that error printers show. */
  override name = "DeviceError";
}
