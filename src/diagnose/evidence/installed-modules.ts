/**
 * Which Pythons of this machine have a module installed: found in their site-packages, without
 * running them.
 */
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { namesIn, realPathOf } from "../../filesystem/try-read.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";

/** How many are searched. */
const MAX_PYTHONS = 20;

/**
 * Finds the Pythons that have a module.
 * @param top the first part of the module's name
 * @returns absolute paths of the programs, virtual environments beside the plugin first
 */
export function pythonsHaving(top: string, file: PluginFile): string[] {
  const folder = dirname(file.realPath);
  const environments = [".venv", "venv", "env"].map((name) => join(folder, name));
  const active = process.env.VIRTUAL_ENV;
  const prefixes = [...environments, ...(active === undefined ? [] : [active]), ...onPath()];
  const used = file.interpreter?.path;
  return [...new Set(prefixes)]
    .slice(0, MAX_PYTHONS)
    .filter((prefix) => hasModule(prefix, top))
    .map((prefix) => join(prefix, "bin", "python3"))
    .filter((python) => existsSync(python) && python !== used);
}

function hasModule(prefix: string, top: string): boolean {
  return namesIn(join(prefix, "lib"))
    .filter((name) => /^python3(\.\d+)?$/.test(name))
    .some((name) => {
      const site = join(prefix, "lib", name, "site-packages");
      return existsSync(join(site, top)) || existsSync(join(site, `${top}.py`));
    });
}

/** The installation prefixes of the Pythons on the PATH, and of those that pyenv has. */
function onPath(): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const pyenv = folders.filter((folder) => folder.endsWith("/shims")).map(dirname);
  const versions = pyenv.flatMap((root) =>
    namesIn(join(root, "versions")).map((name) => join(root, "versions", name)),
  );
  const direct = folders
    .filter((folder) => !folder.endsWith("/shims"))
    .map((folder) => join(folder, "python3"))
    .filter((python) => existsSync(python))
    .map((python) => dirname(dirname(realPathOf(python))));
  return [...direct, ...versions];
}
