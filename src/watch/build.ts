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

/**
 * Runs a command as the user's shell would. An abort ends it with all that it has started.
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
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-MAX_OUTPUT_BYTES);
    };
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    };
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const finish = (ok: boolean, ending: string) => {
      signal.removeEventListener("abort", kill);
      resolve({ ok, output: output.trimEnd(), ending });
    };
    child.on("error", (error) => finish(false, error.message));
    child.on("close", (code, by) =>
      finish(code === 0, by === null ? `exit code ${code}` : `signal ${by}`),
    );
  });
}
