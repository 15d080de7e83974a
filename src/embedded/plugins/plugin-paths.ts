/** Finds plugins as lightningd does (lightningd/plugin.c, lightningd/plugin_control.c). */
import { createHash } from "node:crypto";
import { accessSync, constants, opendirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { attempt, entriesIn, tryStat } from "../../filesystem/try-read.js";
import { strerror } from "../../plugin/process/strerror.js";

/** Returns the absolute path without symlinks; undefined if there is no such file. */
export function canonicalPath(path: string, from: string): string | undefined {
  return attempt(() => realpathSync(resolve(from, path)));
}

/**
 * Whether a name refers to this plugin. Without a slash it must be the basename; with one, a path
 * to the same file.
 */
export function pathsMatch(canonical: string, name: string, from = "/"): boolean {
  if (!name.includes("/")) return basename(canonical) === name;
  return canonical === name || canonicalPath(name, from) === canonical;
}

/** Returns the reason why the system would not run a file, or undefined if it would. */
export function whyNotExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return strerror(error);
  }
}

/**
 * Returns the files in a folder that lightningd accepts as plugins: executable, with no special
 * characters in their names.
 * @throws the system's error if the folder cannot be read
 */
export function pluginsIn(directory: string): string[] {
  return namesIn(directory)
    .filter((name) => !/[!"#$%&'()*+,/:;<=>?@[\\\]^`{|}~]/.test(name) && name !== "README.md")
    .map((name) => join(directory, name))
    .filter(isExecutableFile);
}

/** Returns the names in a folder, unsorted like lightningd. */
function namesIn(directory: string): string[] {
  const folder = opendirSync(directory);
  const names: string[] = [];
  for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
    names.push(entry.name);
  }
  folder.closeSync();
  return names;
}

/** Returns the plugins in the lightning-dir's plugin folder and its direct subfolders. */
export function defaultPlugins(lightningDir: string): string[] {
  const directory = join(lightningDir, "plugins");
  const folders = entriesIn(directory)
    .filter((entry) => !entry.isFile())
    .map((entry) => join(directory, entry.name));
  return [directory, ...folders].flatMap((folder) => attempt(() => pluginsIn(folder)) ?? []);
}

function isExecutableFile(path: string): boolean {
  const stat = tryStat(path);
  return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
}

/**
 * Returns a checksum, to detect a changed file; empty if the file cannot be read. lightningd uses
 * CRC32C, but any checksum will do.
 */
export function checksumOf(path: string): string {
  return attempt(() => createHash("sha1").update(readFileSync(path)).digest("hex")) ?? "";
}
