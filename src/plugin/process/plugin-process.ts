/**
 * A plugin file as a child process, started the way lightningd starts it (lightningd/plugin.c
 * plugin_send_getmanifest, ccan/pipecmd): same argv, environment and working directory; stdin and
 * stdout carry JSON-RPC, stderr is given on. Used by the offline handshake and the embedded node.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type Frame, Framer } from "../../jsonrpc/framing.js";
import { makePipes } from "./pipes.js";

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
  const started = spawnChild(options);
  if (started === undefined) return NO_PROCESS;
  const { child, stdin, stdout, stderr } = started;
  child.on("exit", () => options.onGone?.());
  // A plugin that has died makes our writes fail (EPIPE): its end is reported otherwise.
  stdin.on("error", () => {});
  stderr.on("data", (chunk: Buffer) => options.onStderr(chunk));
  stdout.on("data", (chunk: Buffer) => {
    if (options.onOutput !== undefined) {
      options.onOutput(chunk);
      return;
    }
    try {
      for (const frame of framer.push(chunk)) options.onFrame(frame);
    } catch (error) {
      stdout.destroy();
      options.onStdoutEnd(error instanceof Error ? error : new Error(String(error)));
    }
  });
  stdout.on("end", () => options.onStdoutEnd(undefined));
  whenDrained(started, options.onExit);
  return {
    pid: child.pid,
    get unsentBytes() {
      return stdin.writableLength;
    },
    write: (message) => stdin.write(message),
    closeStdin: () => void stdin.end(),
    kill: (signal = "SIGKILL") => {
      // Once each: Python's traceback is lost to a second interrupt.
      if (options.ownGroup && child.pid !== undefined) killGroup(child.pid, signal);
      else child.kill(signal);
    },
    release: () => {
      for (const pipe of [stdin, stdout, stderr]) pipe.destroy();
    },
    pendingOutput: () => framer.flush(),
    pauseOutput: () => void stdout.pause(),
    resumeOutput: () => void stdout.resume(),
    releaseStdio: () => {
      for (const pipe of [stdin, stdout]) pipe.destroy();
    },
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** The process is gone, and what it wrote has been read, or let go of. */
function whenDrained(
  { child, stdin, stdout, stderr }: Started,
  onExit: PluginProcessOptions["onExit"],
): void {
  let left = 3;
  const oneLess = () => {
    left--;
    if (left > 0) return;
    stdin.destroy();
    onExit(child.exitCode, child.signalCode);
  };
  child.on("exit", oneLess);
  stdout.on("close", oneLess);
  stderr.on("close", oneLess);
}

/** Node reports some reasons (ENOENT, EACCES) by an event, and throws at others (ETXTBSY, ENOEXEC). */
function spawnChild(options: PluginProcessOptions): Started | undefined {
  const pipes = makePipes();
  const stop = () => {
    for (const pipe of [pipes?.stdin, pipes?.stdout, pipes?.stderr]) pipe?.destroy();
  };
  try {
    const child = spawn(options.path, [], {
      cwd: options.cwd,
      env: {
        ...(options.env ?? process.env),
        LIGHTNINGD_PLUGIN: "1",
        LIGHTNINGD_VERSION: options.version,
      },
      stdio: pipes === undefined ? ["pipe", "pipe", "pipe"] : [...pipes.child],
      detached: options.ownGroup ?? false,
    });
    child.on("error", (error) => {
      if (child.pid === undefined) options.onSpawnError(error);
    });
    const { stdin, stdout, stderr } = pipes ?? child;
    if (child.pid !== undefined && stdin && stdout && stderr) {
      return { child, stdin, stdout, stderr };
    }
    stop();
    return undefined;
  } catch (error) {
    stop();
    process.nextTick(() =>
      options.onSpawnError(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  } finally {
    pipes?.closeChild();
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
