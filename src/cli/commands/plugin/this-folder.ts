/** Finds the watch session that a command means if it names none: that of the current folder. */
import { dirname } from "node:path";
import type { SessionTarget } from "../../../events/reload-target.js";
import { findSettingsKey } from "../../../settings/project/package-json.js";
import { projectPlugins } from "../../../settings/project/schema.js";
import type { Surroundings } from "../../../settings/types.js";

/**
 * Returns a test for whether a session's plugin belongs to the working directory: the nearest
 * package.json names it, or one of the two folders contains the other.
 * @throws Failure (exit code 2) if that package.json is wrong
 */
export function ofThisFolder({ cwd, home }: Surroundings): (target: SessionTarget) => boolean {
  const own = projectPaths(cwd, home);
  return ({ path, realPath }) =>
    own.includes(path) ||
    [path, realPath].some((file) => isWithin(dirname(file), cwd) || isWithin(cwd, dirname(file)));
}

function isWithin(path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder === "/" ? folder : `${folder}/`);
}

function projectPaths(cwd: string, home: Surroundings["home"]): string[] {
  const key = findSettingsKey(cwd);
  return key === undefined ? [] : projectPlugins(key, home).map(({ path }) => path);
}
