/** Runs the user's build step (`--build`) before a reload. */
import { spawn } from "node:child_process";
import type { BuildResult } from "../../events/outcomes.js";

const MAX_OUTPUT_BYTES = 256 * 1024;

/** A build may leave a server behind (sccache, gradle) that holds its output open, in ms. */
const DRAIN_MS = 200;

/** How long a build that is ended may take to clear away what it has half written, in ms. */
const CLEAR_MS = 1_000;

/**
 * Runs a command as the user's shell would, to its own end. An abort ends it with all that it has
 * started: by SIGTERM first, at which make and compilers remove the file that they are writing. One
 * that is left half written is newer than its source, and the next make would take it for made.
 * @param cwd the folder of the file that named the command
 */
export function runBuild(command: string, cwd: string, signal: AbortSignal): Promise<BuildResult> {
  return new Promise((resolve) => {
    const child = spawn(command, {
      cwd,
      shell: true,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const keep = (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_BYTES);
    };
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
        // It is gone already.
      }
    };
    const end = () => {
      signalAll("SIGTERM");
      // Whoever is still at it holds its output open, also when the shell is gone.
      letGoIn(CLEAR_MS);
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (ok: boolean, ending: string) => {
      clearTimeout(letGo);
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
