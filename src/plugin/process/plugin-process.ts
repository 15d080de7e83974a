/**
 * A plugin file as a child process, started the way lightningd starts it (lightningd/plugin.c
 * plugin_send_getmanifest, ccan/pipecmd): same argv, environment, working directory and ignored
 * SIGPIPE; stdin and stdout carry JSON-RPC, stderr is separate. Used by plugin-session.ts.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { type Readable, Writable } from "node:stream";
import { makePipes, type Pipes } from "./pipes.js";
import { errorOfShell } from "./strerror.js";

export interface PluginProcessOptions {
  /** Absolute path without symlinks: argv[0], as lightningd passes it. */
  readonly path: string;
  /**
   * The command to run in place of the path alone, such as a debugger, with the path among its
   * arguments.
   */
  readonly command?: readonly string[] | undefined;
  /**
   * Prepares everything, and starts the plugin at {@link PluginProcess.go}: that saves 10 ms then.
   */
  readonly waits?: boolean;
  /** Working directory: the node's network directory. */
  readonly cwd: string;
  /** The whole environment: see {@link pluginEnvironment}. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Gives it its own process group, so that {@link PluginProcess.kill} also reaches what it has
   * started. lightningd does not do that.
   */
  readonly ownGroup?: boolean;
  /** Pipes that were made ahead; this process takes them over. */
  readonly pipes?: Pipes;
  /** Called with its stdout as it comes. */
  readonly onOutput: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  /** Called when its stdin has taken everything that was written. */
  readonly onDrain?: () => void;
  /** Called when stdout has ended; the process may still be running. */
  readonly onStdoutEnd: () => void;
  /** Called if the process could not be started: `error.code` is ENOENT, EACCES, ETXTBSY, ... */
  readonly onSpawnError: (error: Error) => void;
  /**
   * Called when the process itself is gone; a child of it may still hold its pipes, so more may
   * come.
   */
  readonly onGone?: () => void;
  /** Called when the process is gone and its pipes are drained. */
  readonly onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

export interface PluginProcess {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  /** What was written and not yet taken by the plugin, in bytes. */
  readonly unsentBytes: number;
  /**
   * Writes a message; what a dead plugin does not read is dropped. Returns false when its pipe is
   * full.
   */
  write(message: string | Buffer): boolean;
  /** Starts one that waits. */
  go(): void;
  /** Closes its stdin: the only signal that always reaches a plugin. */
  closeStdin(): void;
  kill(signal?: NodeJS.Signals): void;
  /**
   * Closes our ends of its pipes. A process that it has started may hold them open after its death,
   * and would delay `onExit` for as long as it runs.
   */
  release(): void;
  /** The same for stdin and stdout alone: the last lines on its stderr still come. */
  releaseStdio(): void;
  pauseOutput(): void;
  resumeOutput(): void;
}

/**
 * Adds what lightningd sets for its plugins to an environment.
 * @returns the environment for a plugin, given the node's environment and version
 */
export function pluginEnvironment(env: NodeJS.ProcessEnv, version: string): NodeJS.ProcessEnv {
  return { ...env, LIGHTNINGD_PLUGIN: "1", LIGHTNINGD_VERSION: version };
}

/**
 * lightningd starts plugins with SIGPIPE ignored, and Node resets that for its children: a shell in
 * between ignores it again. The shell's name marks its message if the system cannot run the plugin.
 */
const SHELL = "/bin/sh";
const MARK = "cln-dev-exec";
const SCRIPT = 'trap "" PIPE; [ "$1" ] && PWD=$1 || unset PWD; shift; exec "$@"';
/** If the line never comes, its writer is gone. */
const WAITING_SCRIPT = `read -r line <&3 || exit; exec 3<&-; ${SCRIPT}`;
/** The exit codes of a shell that cannot run a program. */
const CANNOT_RUN = [126, 127];
/** How long to wait for the exit of a plugin that has written nothing, to learn why, in ms. */
const EXEC_MS = 250;

/** Starts the plugin. Throws nothing: errors come through the callbacks. */
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
      // Once each: a second interrupt would cut Python's traceback off.
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
  /** A line in it starts the plugin, if it waits. */
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
  // A plugin that has died makes our writes fail (EPIPE): its end is reported otherwise.
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
    // Perhaps it could not be run at all: the shell's exit code shows that.
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
    // Report what can be known at once; the shell reports the rest (a missing interpreter,
    // ETXTBSY).
    const { command = [options.path], waits = false } = options;
    if (command[0] === options.path) accessSync(options.path, constants.X_OK);
    if (statSync(options.path).isDirectory()) throw errorOfShell("permission denied");
    pipes ??= makePipes();
    // The shell writes the folder that it runs in there.
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

/** Kills what the plugin has started and left behind, if there is anything. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}
