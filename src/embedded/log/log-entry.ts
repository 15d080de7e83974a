/** One entry of the node's log. */
import type { LogLevel } from "../../plugin/log-level.js";

export interface LogEntry {
  readonly level: LogLevel;
  /** For the level `io`: the direction, seen from the node. */
  readonly direction: "in" | "out" | undefined;
  /** Microseconds since the epoch. */
  readonly time: number;
  readonly source: string;
  readonly text: string;
  readonly data: Buffer | undefined;
}
