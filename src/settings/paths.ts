/** Joins paths the way lightningd and the kernel do, and expands `~/` where that is ours to do. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { usageFailure } from "../errors/failure.js";

/**
 * `path` seen from `base` (absolute), as the kernel would walk it: `..` after a symlink leaves the
 * symlink's target, where path.resolve() would only strike out its name.
 */
export function joinPath(base: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${base}/${path}`;
  if (!/(?:^|\/)\.\.(?:\/|$)/.test(whole)) return join(whole).replace(/(.)\/$/, "$1");
  let walked = "";
  for (const name of whole.split("/")) {
    if (name === "" || name === ".") continue;
    walked = name === ".." ? parentOf(walked) : `${walked}/${name}`;
  }
  return walked || "/";
}

function parentOf(folder: string): string {
  try {
    const parent = dirname(realpathSync(folder || "/"));
    return parent === "/" ? "" : parent;
  } catch {
    // The kernel finds nothing behind a folder that is not there: leave it to say so.
    return `${folder}/..`;
  }
}

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
