/** What reading a log needs, both from the file and from the ring. */
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
