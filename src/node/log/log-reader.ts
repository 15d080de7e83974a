/** What reading a log needs, from the file and from the ring alike. */
import type { NodeLogLine } from "./log-lines.js";

export interface LogReader {
  readonly wants: (line: NodeLogLine) => boolean;
  readonly since: Date | undefined;
  readonly last: number;
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Lines that were read together, in order. */
  readonly onLines: (lines: readonly NodeLogLine[]) => void;
}
