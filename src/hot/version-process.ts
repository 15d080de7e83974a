/**
 * The process of a version: started as lightningd starts a plugin (its pipes, SIGPIPE ignored), and
 * made ready beforehand where that saves time at a save.
 */
import { spawn } from "node:child_process";
import { makePipes } from "../plugin/process/pipes.js";

export interface VersionProcessOptions {
  /** The words that are run. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** It starts at {@link VersionProcess.go}. */
  readonly waits: boolean;
  readonly onOutput: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  readonly onStdoutEnd: () => void;
  readonly onDrain: () => void;
  /** The process is gone; a child of its may hold its pipes. */
  readonly onGone: () => void;
  /** It is gone, and its pipes are drained. */
  readonly onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

export interface VersionProcess {
  readonly pid: number | undefined;
  readonly unsentBytes: number;
  go(): void;
  write(message: Buffer | string): void;
  closeStdin(): void;
  pauseOutput(): void;
  resumeOutput(): void;
  /** Lets go of its pipes. */
  release(): void;
}

/** A shell that waits for a line ends where the line never comes: the host is gone then. */
const WAIT = "read -r line <&3 || exit; exec 3<&-; ";
const RUN = 'trap "" PIPE; exec "$0" "$@"';

/** Starts it. What the system cannot run ends as a shell ends then, with 126 or 127. */
export function startVersionProcess(options: VersionProcessOptions): VersionProcess {
  const { command, cwd, env, waits } = options;
  const pipes = makePipes();
  const stdio = pipes === undefined ? (["pipe", "pipe", "pipe"] as const) : [...pipes.child];
  const child = spawn("/bin/sh", ["-c", `${waits ? WAIT : ""}${RUN}`, ...command], {
    cwd,
    env,
    stdio: waits ? [...stdio, "pipe"] : [...stdio],
  });
  pipes?.closeChild();
  const { stdin, stdout, stderr } = pipes ?? child;
  const gate = child.stdio[3];
  let open = 3;
  const closed = () => {
    open--;
    if (open > 0) return;
    stdin?.destroy();
    options.onExit(child.exitCode, child.signalCode);
  };
  child.on("error", () => {
    for (const pipe of [stdin, stdout, stderr]) pipe?.destroy();
    if (child.pid === undefined) closed();
  });
  child.on("exit", () => {
    options.onGone();
    closed();
  });
  // What ends it is reported otherwise.
  stdin?.on("error", () => {});
  gate?.on("error", () => {});
  stdin?.on("drain", options.onDrain);
  stdout?.on("data", options.onOutput);
  stderr?.on("data", options.onStderr);
  stdout?.on("end", options.onStdoutEnd);
  stdout?.on("close", closed);
  stderr?.on("close", closed);
  return {
    pid: child.pid,
    get unsentBytes() {
      return stdin?.writableLength ?? 0;
    },
    go: () => {
      if (gate && "end" in gate) gate.end("\n");
    },
    write: (message) => void stdin?.write(message),
    closeStdin: () => void stdin?.end(),
    pauseOutput: () => void stdout?.pause(),
    resumeOutput: () => void stdout?.resume(),
    release: () => {
      for (const pipe of [stdin, stdout, stderr]) pipe?.destroy();
    },
  };
}
