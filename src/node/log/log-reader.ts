/** What a reader of the log wants, from the log file and from the ring alike. */
import type { NodeLogLine } from "./log-lines.js";

export interface LogReader {
  readonly wants: (line: NodeLogLine) => boolean;
  readonly since: Date | undefined;
  readonly last: number;
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Receives lines that were read together, in order. */
  readonly onLines: (lines: readonly NodeLogLine[]) => void;
}
