/** Expands a leading `~/`. */
import { usageFailure } from "../errors/failure.js";

/**
 * Expands a leading `~/`. A shell does that on the command line; nothing does it in package.json.
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
