/** The names under which a file is reached when symlinks lead to it. */
import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** The path, what each symlink on it points to, and so on: a change of any one is a change of the plugin. */
export function namesOf(path: string): ReadonlySet<string> {
  const names = new Set<string>([path, realPathOf(path)]);
  const ways = [path];
  for (const way of ways) {
    const parts = way.split(sep);
    // From 3: a link directly under `/` (as /tmp is on macOS) is not one that somebody switches.
    for (let count = 3; count <= parts.length; count++) {
      const prefix = parts.slice(0, count).join(sep);
      const target = linkTarget(prefix);
      if (target === undefined) continue;
      names.add(prefix);
      const next = join(target, ...parts.slice(count));
      if (!ways.includes(next) && ways.length < MAX_LINKS) ways.push(next);
    }
  }
  return names;
}

/** As the kernel: more symlinks on a way are a loop (man 7 path_resolution). */
const MAX_LINKS = 40;

function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}

export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It is not there yet: its folder may be behind a symlink all the same.
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}
