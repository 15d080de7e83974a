/** The Python 3 that the suite's plugins run on. */
import { execFileSync } from "node:child_process";

let pythonPath: string | undefined;

/** Undefined if there is no Python 3. Resolved: wrappers of version managers are slow. */
export function findPython(): string | undefined {
  try {
    pythonPath ??= execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
  return pythonPath;
}
