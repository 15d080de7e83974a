/** Reads from the file system, with "missing" and "not readable" as answers, not errors. */
import {
  accessSync,
  constants,
  type Dirent,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Returns the names in a folder; empty if it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** Returns the entries of a folder with their types; empty if it cannot be read. */
export function entriesIn(folder: string): readonly Dirent[] {
  return attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];
}

/** Returns the target of a symlink; undefined if it is not one or cannot be read. */
export function linkTarget(path: string): string | undefined {
  return attempt(() => readlinkSync(path));
}

/** Returns the stat of a path, following symlinks; undefined if missing or not accessible. */
export function tryStat(path: string): Stats | undefined {
  return attempt(() => statSync(path));
}

/** Like {@link tryStat}, but for a symlink itself. */
export function tryLstat(path: string): Stats | undefined {
  return attempt(() => lstatSync(path));
}

/** Whether this user may run the file, or enter the folder. */
export function isExecutable(path: string): boolean {
  return attempt(() => accessSync(path, constants.X_OK) === undefined) ?? false;
}

/** Returns the path without symlinks, even if its end does not exist yet. */
export function realPathOf(path: string): string {
  const real = attempt(() => realpathSync(path));
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path || parent === "." ? path : join(realPathOf(parent), basename(path));
}

/** Calls a function and returns its result; undefined if it throws. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
