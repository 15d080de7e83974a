/** The names under which a file is reached when symlinks lead to it. */
import { dirname, join, resolve, sep } from "node:path";
import { linkTarget, realPathOf } from "../../filesystem/try-read.js";

/** The path, what each symlink on it points to, and so on: a change of any one is a change of the plugin. */
export function namesOf(path: string): ReadonlySet<string> {
  const names = new Set<string>([path, realPathOf(path)]);
  const ways = [path];
  for (const way of ways) {
    const parts = way.split(sep);
    // From 3: a link directly under `/` (as /tmp is on macOS) is not one that somebody switches.
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

/** As the kernel: more symlinks on a way are a loop (man 7 path_resolution). */
const MAX_LINKS = 40;
