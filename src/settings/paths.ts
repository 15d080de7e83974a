/** Expands `~/` if that is ours to do. */
import { usageFailure } from "../errors/failure.js";

/** Expands a leading `~/`; a shell does that for the command line, nobody does it for package.json. */
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
