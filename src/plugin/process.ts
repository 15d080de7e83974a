/**
 * A plugin file as a child process, started the way lightningd starts it (lightningd/plugin.c
 * plugin_send_getmanifest, ccan/pipecmd): same argv, environment and working directory; stdin and
 * stdout carry JSON-RPC, stderr is given on. Used by the offline handshake and the embedded node.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type Frame, Framer } from "../jsonrpc/framing.js";

export interface PluginProcessOptions {
  /** Absolute path without symlinks: argv[0], as lightningd passes it. */
  readonly path: string;
  /** Working directory: the node's network directory. */
  readonly cwd: string;
  /** What LIGHTNINGD_VERSION says to the plugin. */
  readonly version: string;
  /** The environment of the node; ours when not given. */
  readonly env?: NodeJS.ProcessEnv;
  /** The longest message that is read before the plugin counts as broken, in bytes. */
  readonly maxMessageBytes?: number;
  /**
   * Gives it a process group of its own, so that {@link PluginProcess.kill} also reaches what it has
   * started itself. lightningd does not do that.
   */
  readonly ownGroup?: boolean;
  readonly onFrame: (frame: Frame) => void;
  /** Its stdout as it comes: who gives this reads for himself, and is given no frames. */
  readonly onOutput?: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** stdout has ended (or broken: then with the reason); the process may still live. */
  readonly onStdoutEnd: (reason: Error | undefined) => void;
  /** The process could not be started: `error.code` is ENOENT, EACCES, ETXTBSY, ... */
  readonly onSpawnError: (error: Error) => void;
  /** The process itself is gone; a child of its may still hold its pipes, so more may come. */
  readonly onGone?: () => void;
  /** The process is gone and its pipes are drained. */
  readonly onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

export interface PluginProcess {
  readonly pid: number | undefined;
  /** What has been written and not yet taken by the plugin, in bytes. */
  readonly unsentBytes: number;
  /** Writes a message; what a dead plugin does not read is dropped. Gives false when its pipe is full. */
  write(message: string): boolean;
  /** Closes its stdin: the only signal that always reaches a plugin (cln-contract 4.5). */
  closeStdin(): void;
  kill(signal?: NodeJS.Signals): void;
  /**
   * Lets go of its pipes. A process that it has started may hold them open after its death, and
   * would delay `onExit` for as long as it lives.
   */
  release(): void;
  /** The part of a message that has come and not ended, if any. */
  pendingOutput(): Buffer | undefined;
  pauseOutput(): void;
  resumeOutput(): void;
  /** The same for stdin and stdout alone: its last words on stderr still come. */
  releaseStdio(): void;
}

/** Starts the plugin. Throws nothing: what goes wrong comes through the callbacks. */
export function startPluginProcess(options: PluginProcessOptions): PluginProcess {
  const framer = new Framer(options.maxMessageBytes);
  const child = spawnChild(options);
  if (child === undefined) return NO_PROCESS;
  child.on("error", (error) => {
    if (child.pid === undefined) options.onSpawnError(error);
  });
  child.on("exit", () => options.onGone?.());
  child.on("close", (code, signal) => {
    if (child.pid !== undefined) options.onExit(code, signal);
  });
  // A plugin that has died makes our writes fail (EPIPE): its end is reported by "close".
  child.stdin?.on("error", () => {});
  child.stderr?.on("data", (chunk: Buffer) => options.onStderr(chunk));
  child.stdout?.on("data", (chunk: Buffer) => {
    if (options.onOutput !== undefined) {
      options.onOutput(chunk);
      return;
    }
    try {
      for (const frame of framer.push(chunk)) options.onFrame(frame);
    } catch (error) {
      child.stdout?.destroy();
      options.onStdoutEnd(error instanceof Error ? error : new Error(String(error)));
    }
  });
  child.stdout?.on("end", () => options.onStdoutEnd(undefined));
  return {
    pid: child.pid,
    get unsentBytes() {
      return child.stdin?.writableLength ?? 0;
    },
    write: (message) => child.stdin?.write(message) ?? false,
    closeStdin: () => void child.stdin?.end(),
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
      if (options.ownGroup && child.pid !== undefined) killGroup(child.pid, signal);
    },
    release: () => {
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
    },
    pendingOutput: () => framer.flush(),
    pauseOutput: () => void child.stdout?.pause(),
    resumeOutput: () => void child.stdout?.resume(),
    releaseStdio: () => {
      for (const pipe of [child.stdin, child.stdout]) pipe?.destroy();
    },
  };
}

/** Node reports some reasons (ENOENT, EACCES) by an event, and throws at others (ETXTBSY, ENOEXEC). */
function spawnChild(options: PluginProcessOptions): ChildProcess | undefined {
  try {
    return spawn(options.path, [], {
      cwd: options.cwd,
      env: {
        ...(options.env ?? process.env),
        LIGHTNINGD_PLUGIN: "1",
        LIGHTNINGD_VERSION: options.version,
      },
      stdio: ["pipe", "pipe", "pipe"],
      detached: options.ownGroup ?? false,
    });
  } catch (error) {
    process.nextTick(() =>
      options.onSpawnError(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  }
}

const NO_PROCESS: PluginProcess = {
  pid: undefined,
  unsentBytes: 0,
  write: () => false,
  closeStdin: () => {},
  kill: () => {},
  release: () => {},
  pendingOutput: () => undefined,
  pauseOutput: () => {},
  resumeOutput: () => {},
  releaseStdio: () => {},
};

/** What the plugin has started and left behind, if there is any. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}
