import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Adds the seconds of a finished piece of work to the log `path`. */
export function recordStageTime(path: string, stage: string, seconds: number): void {
  appendFileSync(path, JSON.stringify({ stage, seconds }) + "\n");
}

/** Seconds of the finished work of the stages whose name begins with `prefix`. What a kill threw away does not count. */
export function stageSeconds(path: string, prefix = ""): number {
  if (!existsSync(path)) return 0;
  let total = 0;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    try {
      const { stage, seconds } = JSON.parse(line) as { stage?: unknown; seconds?: unknown };
      if (String(stage).startsWith(prefix) && typeof seconds === "number") total += seconds;
    } catch {
      // the end, or a line that a kill tore
    }
  }
  return total;
}
