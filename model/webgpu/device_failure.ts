import { DeviceError } from "../device_error.ts";

/**
 * Keeps the first error that a GPUDevice reports outside of error scopes, and its loss. WebGPU says nothing about them to
 * whoever made the failing call, so every later operation asks here.
 */
export class DeviceFailure {
  readonly #device: GPUDevice;
  readonly #listener: (event: Event) => void;
  #failure: DeviceError | undefined;
  #expectsLoss = false;

  /** Starts to listen. */
  constructor(device: GPUDevice) {
    this.#device = device;
    this.#listener = (event) => {
      event.preventDefault();
      this.record((event as GPUUncapturedErrorEvent).error.message);
    };
    device.addEventListener("uncapturederror", this.#listener);
    device.lost.then(({ reason, message }) => {
      if (!this.#expectsLoss) this.record(`the device was lost (${reason || "unknown reason"}): ${message}`);
    });
  }

  /** Keeps `message` when it is the first. */
  record(message: string): void {
    this.#failure ??= new DeviceError(`WebGPU device failed: ${message.trim()}`);
  }

  /** Throws the first error as a {@linkcode DeviceError}; each time, since results after it mean nothing. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Stops to listen: the device is about to be destroyed by its owner. */
  close(): void {
    this.#expectsLoss = true;
    this.#device.removeEventListener("uncapturederror", this.#listener);
  }
}
