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

/** How long a build that is ended may take to clear away what it has half written, in ms. */
const CLEAR_MS = 500;
const CLEAR_POLL_MS = 5;

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
    let drain: NodeJS.Timeout | undefined;
    let cleared = Promise.resolve();
    const end = () => {
      if (child.pid !== undefined) cleared = endGroup(child.pid);
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (ok: boolean, ending: string) => {
      clearTimeout(drain);
      signal.removeEventListener("abort", end);
      void cleared.then(() => resolve({ ok, output: output.trimEnd(), ending }));
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

/** Ends a process group; resolves when nobody is left in it, or what is left has been killed. */
async function endGroup(group: number): Promise<void> {
  const until = performance.now() + CLEAR_MS;
  let left = signalGroup(group, "SIGTERM");
  while (left && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, CLEAR_POLL_MS));
    left = signalGroup(group, 0);
  }
  if (left) signalGroup(group, "SIGKILL");
}

/** @returns whether there is anybody in the group */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
