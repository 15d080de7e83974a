/** Finds the names under which a file is reached through symlinks. */
import { dirname, join, resolve, sep } from "node:path";
import { linkTarget, realPathOf } from "../../filesystem/try-read.js";

/**
 * Returns the path, its real path, and every symlink that leads from one to the other. A change to
 * any of them changes the plugin.
 */
export function namesOf(path: string): ReadonlySet<string> {
  const names = new Set<string>([path, realPathOf(path)]);
  const ways = [path];
  for (const way of ways) {
    const parts = way.split(sep);
    // Start at 3: nobody switches a link directly under `/` (such as /tmp on macOS).
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

/** The kernel's limit: more symlinks on a path count as a loop (man 7 path_resolution). */
const MAX_LINKS = 40;
