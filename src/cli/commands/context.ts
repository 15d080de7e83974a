/** What every command is given: the flags that all of them share, and the world outside. */
import type { NodeFlags, Surroundings } from "../../settings/types.js";

export interface GlobalFlags extends NodeFlags {
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted when the user wants the program to end (Ctrl-C, SIGTERM, the terminal is closed). */
  readonly signal: AbortSignal;
}

export interface Context {
  readonly flags: GlobalFlags;
  readonly io: Io;
  readonly surroundings: Surroundings;
}

/** 0 done; 1 tried and failed; 2 wrong use or settings; 3 no node. */
export type ExitCode = 0 | 1 | 2 | 3;
