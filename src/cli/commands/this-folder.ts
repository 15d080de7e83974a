/** Which of several watch sessions is meant by a command that names none: that of the folder one is in. */
import { dirname } from "node:path";
import type { SessionTarget } from "../../events/reload-target.js";
import type { Surroundings } from "../../settings/types.js";

/**
 * Whether a session's plugin belongs to the working directory: the nearest package.json names it, or
 * one of the two folders is in the other.
 * @throws Failure (exit code 2): that package.json is wrong
 */
export async function ofThisFolder({
  cwd,
  home,
}: Surroundings): Promise<(target: SessionTarget) => boolean> {
  const own = await projectPaths(cwd, home);
  return ({ path, realPath }) =>
    own.includes(path) ||
    [path, realPath].some((file) => isWithin(dirname(file), cwd) || isWithin(cwd, dirname(file)));
}

function isWithin(path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder === "/" ? folder : `${folder}/`);
}

async function projectPaths(cwd: string, home: Surroundings["home"]): Promise<string[]> {
  const { findSettingsKey } = await import("../../settings/project/package-json.js");
  const key = findSettingsKey(cwd);
  if (key === undefined) return [];
  const { projectPlugins } = await import("../../settings/project/schema.js");
  return projectPlugins(key, home).map(({ path }) => path);
}
