/** Runs the user's build step (`--build`) before a reload. */
import { spawn } from "node:child_process";

export interface BuildResult {
  readonly ok: boolean;
  /** What it printed, stdout and stderr as they came; the end of it if it is very long. */
  readonly output: string;
  /** `exit code 1`, `signal SIGKILL`, or why it could not be run. */
  readonly ending: string;
}

const MAX_OUTPUT_BYTES = 256 * 1024;

/** A build may leave a server behind (sccache, gradle) that holds its output open, in ms. */
const DRAIN_MS = 200;

/**
 * Runs a command as the user's shell would, to its own end. An abort ends it with all that it has started.
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
    let drain: NodeJS.Timeout | undefined;
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    };
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (ok: boolean, ending: string) => {
      clearTimeout(drain);
      signal.removeEventListener("abort", kill);
      resolve({ ok, output: output.trimEnd(), ending });
    };
    child.on("error", (error) => finish(false, error.message));
    child.on("exit", () => {
      drain = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS);
    });
    child.on("close", (code, by) =>
      finish(code === 0, by === null ? `exit code ${code}` : `signal ${by}`),
    );
  });
}
