/** Where lines for people go. */
export interface Terminal {
  /** Writes text as it is. */
  write(text: string): void;
  /** Whether a line can be redrawn in place. */
  readonly redraws: boolean;
  /** Columns of a line. */
  readonly columns: number;
}

/** What a stage calls with the units done and, where known, their number; `note` follows the figures. */
export type ProgressCallback = (done: number, total: number | undefined, note?: string) => void;

const REDRAW_EVERY = 100;
const LOG_EVERY = 5000;

/**
 * Shows how far a stage is: on a terminal one line that is redrawn, in a log a plain line every five seconds. Rate and remaining
 * time come from what was done since the stage began here, so that they hold after a resume, too.
 */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #unit: string;
  readonly #now: () => number;
  readonly #begun: number;
  #shown: number;
  #first: number | undefined;
  #drawn = false;

  /**
   * Begins to count time; nothing is drawn yet.
   *
   * @param unit what is counted, in the plural: "pages".
   * @param now a clock in milliseconds.
   */
  constructor(terminal: Terminal, label: string, unit: string, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#label = label;
    this.#unit = unit;
    this.#now = now;
    this.#begun = now();
    this.#shown = this.#begun - (terminal.redraws ? REDRAW_EVERY : 0);
  }

  /** Takes the units done so far; draws when enough time has passed. `note` follows the figures. */
  update(done: number, total: number | undefined, note = ""): void {
    this.#first ??= done;
    const now = this.#now();
    if (now - this.#shown < (this.#terminal.redraws ? REDRAW_EVERY : LOG_EVERY)) return;
    this.#shown = now;
    const seconds = (now - this.#begun) / 1000;
    const line = progressText(this.#label, this.#unit, { done, total, since: done - this.#first, seconds }) +
      (note === "" ? "" : ` · ${note}`);
    if (this.#terminal.redraws) {
      this.#terminal.write(`\r\x1b[2K${line.slice(0, this.#terminal.columns - 1)}`);
      this.#drawn = true;
    } else this.#terminal.write(`${line}\n`);
  }

  /** Takes the line away, so that a result can be printed in its place. */
  clear(): void {
    if (this.#drawn) this.#terminal.write("\r\x1b[2K");
    this.#drawn = false;
  }
}

/** One line: share or count, rate, remaining time. `since` counts the units done in `seconds`. */
export function progressText(
  label: string,
  unit: string,
  { done, total, since, seconds }: {
    done: number;
    total: number | undefined;
    since: number;
    seconds: number;
  },
): string {
  const rate = seconds > 0 ? since / seconds : 0;
  const parts = [
    total === undefined || total === 0
      ? `${quantity(done)} ${unit}`
      : `${Math.floor(100 * done / total)} % of ${quantity(total)} ${unit}`,
  ];
  if (rate > 0) parts.push(`${quantity(rate)} ${unit}/s`);
  if (rate > 0 && total !== undefined && total > done) parts.push(`${duration((total - done) / rate)} left`);
  return `${label}: ${parts.join(" · ")}`;
}

/** A number for people: three digits, thousands grouped. */
export function quantity(value: number): string {
  return value.toLocaleString(
    "en",
    value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );
}

/** Seconds for people: `8.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const padded = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${padded(seconds % 3600 / 60)} min`;
}

/** The process's standard error. */
export function standardError(): Terminal {
  const encoder = new TextEncoder();
  const redraws = Deno.stderr.isTerminal();
  return {
    write(text) {
      let bytes = encoder.encode(text);
      while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
    },
    redraws,
    columns: redraws ? Deno.consoleSize().columns || 80 : 200, // 0 in some pseudo-terminals
  };
}
