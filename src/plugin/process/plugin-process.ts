/**
 * Starts a plugin file as a child process the way lightningd does (lightningd/plugin.c
 * plugin_send_getmanifest, ccan/pipecmd): same argv, environment, working directory and ignored
 * SIGPIPE. stdin and stdout carry JSON-RPC, stderr is separate. Used by plugin-session.ts.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { type Readable, Writable } from "node:stream";
import { makePipes, type Pipes } from "./pipes.js";
import { errorOfShell } from "./strerror.js";

export interface PluginProcessOptions {
  /** Absolute path without symlinks. Passed as argv[0], as lightningd does. */
  readonly path: string;
  /** The command to run in place of the path, such as a debugger, with the path as an argument. */
  readonly command?: readonly string[] | undefined;
  /** Whether to prepare everything and start at {@link PluginProcess.go}: saves 10 ms then. */
  readonly waits?: boolean;
  /** The working directory: the node's network directory. */
  readonly cwd: string;
  /** The whole environment, see {@link pluginEnvironment}. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Whether to give it its own process group, so that {@link PluginProcess.kill} also reaches the
   * processes it has started. lightningd does not do that.
   */
  readonly ownGroup?: boolean;
  /** Pipes made in advance. This process takes them over. */
  readonly pipes?: Pipes;
  /** Called with each chunk of its stdout. */
  readonly onOutput: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** Called when everything written to its stdin has been taken. */
  readonly onDrain?: () => void;
  /** Called when stdout has ended. The process may still be running. */
  readonly onStdoutEnd: () => void;
  /** Called if the process could not start. `error.code` is ENOENT, EACCES, ETXTBSY, ... */
  readonly onSpawnError: (error: Error) => void;
  /**
   * Called when the process itself is gone. More output may follow, because a child of it may still
   * hold its pipes.
   */
  readonly onGone?: () => void;
  /** Called when the process is gone and its pipes are drained. */
  readonly onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

export interface PluginProcess {
  /** Undefined if it could not start. */
  readonly pid: number | undefined;
  /** How many bytes have been written but not yet taken by the plugin. */
  readonly unsentBytes: number;
  /** Writes a message, or drops it if the plugin is dead. @returns false if its pipe is full */
  write(message: string | Buffer): boolean;
  /** Starts a plugin that waits. */
  go(): void;
  /** Closes its stdin, the only signal that always reaches a plugin. */
  closeStdin(): void;
  kill(signal?: NodeJS.Signals): void;
  /**
   * Closes our ends of its pipes. Otherwise a process that it has started may hold them open after
   * its death, and delay `onExit` until that process ends.
   */
  release(): void;
  /** Closes only stdin and stdout, so that the last lines of its stderr still arrive. */
  releaseStdio(): void;
  pauseOutput(): void;
  resumeOutput(): void;
}

/** Returns a plugin's environment, given the node's environment and version. */
export function pluginEnvironment(env: NodeJS.ProcessEnv, version: string): NodeJS.ProcessEnv {
  return { ...env, LIGHTNINGD_PLUGIN: "1", LIGHTNINGD_VERSION: version };
}

/**
 * lightningd starts plugins with SIGPIPE ignored. Node resets that for its children, so a shell in
 * between ignores it again. The shell's name marks its message if the system cannot run the plugin.
 */
const SHELL = "/bin/sh";
const MARK = "cln-dev-exec";
const SCRIPT = 'trap "" PIPE; [ "$1" ] && PWD=$1 || unset PWD; shift; exec "$@"';
/** Waits for a line on fd 3 first, and exits if its writer is gone. */
const WAITING_SCRIPT = `read -r line <&3 || exit; exec 3<&-; ${SCRIPT}`;
/** A shell's exit codes if it cannot run a program. */
const CANNOT_RUN = [126, 127];
/** How long to wait for the exit code of a plugin that closes stdout without output, in ms. */
const EXEC_MS = 250;

/** Starts the plugin. Never throws: errors are passed to the callbacks. */
export function startPluginProcess(options: PluginProcessOptions): PluginProcess {
  const started = spawnChild(options);
  if (started === undefined) return NO_PROCESS;
  const { child, stdin, stdout, stderr, gate } = started;
  watch(started, options);
  return {
    pid: child.pid,
    get unsentBytes() {
      return stdin.writableLength;
    },
    write: (message) => stdin.write(message),
    go: () => void gate?.end("\n"),
    closeStdin: () => void stdin.end(),
    kill: (signal = "SIGKILL") => {
      // Signal each process only once: a second interrupt would cut off Python's traceback.
      if (options.ownGroup && child.pid !== undefined) killGroup(child.pid, signal);
      else child.kill(signal);
    },
    release: () => {
      for (const pipe of [stdin, stdout, stderr]) pipe.destroy();
    },
    releaseStdio: () => {
      for (const pipe of [stdin, stdout]) pipe.destroy();
    },
    pauseOutput: () => void stdout.pause(),
    resumeOutput: () => void stdout.resume(),
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Starts the plugin when a line is written to it. Undefined if the plugin does not wait. */
  readonly gate: Writable | undefined;
}

function watch(
  { child, stdin, stdout, stderr, gate }: Started,
  options: PluginProcessOptions,
): void {
  /** The shell's message about a plugin that the system cannot run. */
  let refusal: Buffer | undefined;
  let hasWritten = false;
  let open = 3;
  let tellEnd: (() => void) | undefined;
  // Writes to a dead plugin fail (EPIPE); its end is reported elsewhere.
  stdin.on("error", () => {});
  gate?.on("error", () => {});
  stdin.on("drain", () => options.onDrain?.());
  stderr.on("data", (chunk: Buffer) => {
    if (refusal !== undefined) refusal = Buffer.concat([refusal, chunk]);
    else if (!hasWritten && chunk.toString("latin1", 0, MARK.length) === MARK) refusal = chunk;
    else options.onStderr(chunk);
    hasWritten = true;
  });
  stdout.on("data", (chunk: Buffer) => {
    hasWritten = true;
    options.onOutput(chunk);
  });
  stdout.on("end", () => {
    if (hasWritten && refusal === undefined) {
      options.onStdoutEnd();
      return;
    }
    // Perhaps the shell could not run it at all, as its exit code will show.
    const timer = setTimeout(() => tellEnd?.(), EXEC_MS);
    tellEnd = () => {
      clearTimeout(timer);
      tellEnd = undefined;
      options.onStdoutEnd();
    };
    if (child.exitCode !== null && !CANNOT_RUN.includes(child.exitCode)) tellEnd();
  });
  const closed = () => {
    open--;
    if (open > 0) return;
    stdin.destroy();
    if (refusal !== undefined && CANNOT_RUN.includes(child.exitCode ?? 0)) {
      tellEnd = undefined;
      options.onSpawnError(errorOfShell(refusal.toString("utf8")));
      return;
    }
    if (refusal !== undefined) options.onStderr(refusal);
    tellEnd?.();
    options.onExit(child.exitCode, child.signalCode);
  };
  child.on("exit", (code) => {
    options.onGone?.();
    if (!CANNOT_RUN.includes(code ?? 0)) tellEnd?.();
    closed();
  });
  stdout.on("close", closed);
  stderr.on("close", closed);
}

function spawnChild(options: PluginProcessOptions): Started | undefined {
  const fail = (error: unknown) => {
    for (const pipe of [pipes?.stdin, pipes?.stdout, pipes?.stderr]) pipe?.destroy();
    const reason = error instanceof Error ? error : new Error(String(error));
    process.nextTick(() => options.onSpawnError(reason));
    return undefined;
  };
  let pipes = options.pipes;
  try {
    // Report what is known already; the shell reports the rest (a missing interpreter, ETXTBSY).
    const { command = [options.path], waits = false } = options;
    if (command[0] === options.path) accessSync(options.path, constants.X_OK);
    if (statSync(options.path).isDirectory()) throw errorOfShell("permission denied");
    pipes ??= makePipes();
    // The shell overwrites PWD with its working directory, so the script sets it again.
    const pwd = options.env.PWD ?? "";
    const stdio: StdioOptions = pipes === undefined ? ["pipe", "pipe", "pipe"] : [...pipes.child];
    const child = spawn(SHELL, ["-c", waits ? WAITING_SCRIPT : SCRIPT, MARK, pwd, ...command], {
      cwd: options.cwd,
      env: options.env,
      stdio: waits ? [...stdio, "pipe"] : stdio,
      detached: options.ownGroup ?? false,
    });
    const { stdin, stdout, stderr } = pipes ?? child;
    if (child.pid !== undefined && stdin && stdout && stderr) {
      const gate = child.stdio[3];
      return { child, stdin, stdout, stderr, gate: gate instanceof Writable ? gate : undefined };
    }
    child.on("error", fail);
    return undefined;
  } catch (error) {
    return fail(error);
  } finally {
    pipes?.closeChild();
  }
}

const NO_PROCESS: PluginProcess = {
  pid: undefined,
  unsentBytes: 0,
  write: () => false,
  go: () => {},
  closeStdin: () => {},
  kill: () => {},
  release: () => {},
  releaseStdio: () => {},
  pauseOutput: () => {},
  resumeOutput: () => {},
};

/** Signals the plugin's process group: the plugin, and what it has started and left behind. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}
