/** Short names for paths: the last part of each, with as many parents as make them differ. */

/**
 * Shortens paths as far as they stay distinct. Duplicate paths count once.
 * @returns a map from each path to its short name
 */
export function shortNames(paths: readonly string[]): ReadonlyMap<string, string> {
  const different = [...new Set(paths)];
  const names = new Map<string, string>();
  for (const path of different) {
    const parts = path.split("/").filter((part) => part !== "");
    let count = 1;
    while (count < parts.length && isShared(lastOf(parts, count), path, different)) count++;
    names.set(path, lastOf(parts, count));
  }
  return names;
}

function isShared(name: string, path: string, all: readonly string[]): boolean {
  return all.some((other) => other !== path && `/${other}`.endsWith(`/${name}`));
}

function lastOf(parts: readonly string[], count: number): string {
  return parts.slice(-count).join("/");
}
