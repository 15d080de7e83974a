/** Paths in package.json. */
import { usageFailure } from "../errors/failure.js";

/**
 * Expands a leading `~/`. On the command line the shell does that; in package.json nothing does.
 * @throws Failure (exit code 2) if HOME is not set
 */
export function expandHome(path: string, home: string | undefined): string {
  if (path !== "~" && !path.startsWith("~/")) return path;
  if (home === undefined || home === "") {
    throw usageFailure(`cannot expand ${path}`, {
      why: "HOME is not set",
      fix: "Write the path in full, or set HOME",
    });
  }
  return home + path.slice(1);
}
