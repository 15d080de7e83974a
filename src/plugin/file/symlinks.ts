/** The names under which a file is reached through symlinks. */
import { dirname, join, resolve, sep } from "node:path";
import { linkTarget, realPathOf } from "../../filesystem/try-read.js";

/**
 * The path, the target of each symlink on it, and so on: a change of any of them changes the
 * plugin.
 */
export function namesOf(path: string): ReadonlySet<string> {
  const names = new Set<string>([path, realPathOf(path)]);
  const ways = [path];
  for (const way of ways) {
    const parts = way.split(sep);
    // From 3: a link directly under `/` (as /tmp is on macOS) is not one that someone switches.
    for (let count = 3; count <= parts.length; count++) {
      const prefix = parts.slice(0, count).join(sep);
      const link = linkTarget(prefix);
      if (link === undefined) continue;
      names.add(prefix);
      const next = join(resolve(dirname(prefix), link), ...parts.slice(count));
      if (!ways.includes(next) && ways.length < MAX_LINKS) ways.push(next);
    }
  }
  return names;
}

/** As in the kernel: more symlinks on a path are a loop (man 7 path_resolution). */
const MAX_LINKS = 40;
