/** Runs a user's command: `--build` before a reload, `--run` after it. */
import { spawn } from "node:child_process";
import type { BuildResult } from "../events/outcomes.js";

const MAX_OUTPUT_BYTES = 256 * 1024;

/**
 * How long to wait for more output after a build, in ms: a server that it left behind (sccache,
 * gradle) may hold the output open.
 */
const DRAIN_MS = 200;

/** How long an aborted build may take to delete the files it was writing, in ms. */
const CLEAR_MS = 1_000;

/**
 * How long until a slow build is reported, in ms. Each wait until the next report is three times as
 * long.
 */
const SLOW_MS = 5_000;
/** How many lines of its output a slow build's report shows. */
const SLOW_LINES = 3;

export interface ShellCommandOptions {
  readonly command: string;
  /** The folder of the file that named the command. */
  readonly cwd: string;
  /** Added to our own environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Called when it takes long, with the time so far, in ms, and the end of its output. */
  readonly onSlow: (ms: number, output: string) => void;
  readonly slowMs?: number;
}

/**
 * Runs a command in a shell until it ends. An abort ends it and everything it started, with SIGTERM
 * first, so that make and compilers remove the file they are writing: a half-written file is newer
 * than its source, so the next make would take it for finished.
 */
export function runShellCommand(options: ShellCommandOptions): Promise<BuildResult> {
  const { command, cwd, env, signal, onSlow, slowMs = SLOW_MS } = options;
  return new Promise((resolve) => {
    const child = spawn(command, {
      cwd,
      env: { ...process.env, ...env },
      shell: true,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const keep = (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_BYTES);
    };
    const from = performance.now();
    let slow: NodeJS.Timeout;
    const reportIn = (ms: number) => {
      slow = setTimeout(() => {
        onSlow(performance.now() - from, output.trim().split("\n").slice(-SLOW_LINES).join("\n"));
        reportIn(ms * 3);
      }, ms);
    };
    reportIn(slowMs);
    let letGo: NodeJS.Timeout | undefined;
    const letGoIn = (ms: number) => {
      clearTimeout(letGo);
      letGo = setTimeout(() => {
        if (signal.aborted) signalAll("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }, ms);
    };
    const signalAll = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has already ended.
      }
    };
    const end = () => {
      signalAll("SIGTERM");
      // A process that is still working holds its output open, even if the shell is gone.
      letGoIn(CLEAR_MS);
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (ok: boolean, ending: string) => {
      clearTimeout(letGo);
      clearTimeout(slow);
      signal.removeEventListener("abort", end);
      if (signal.aborted) signalAll("SIGKILL");
      resolve({ ok, output: output.trimEnd(), ending });
    };
    child.on("error", (error) => finish(false, error.message));
    child.on("exit", () => {
      if (!signal.aborted) letGoIn(DRAIN_MS);
    });
    child.on("close", (code, by) =>
      finish(code === 0, by === null ? `exit code ${code}` : `signal ${by}`),
    );
  });
}
