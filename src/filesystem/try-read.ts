/**
 * Reads from the file system where "it does not exist" and "we may not read it" are answers, not
 * errors.
 */
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

/** The names in a folder; empty if it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** The entries of a folder with their kinds; empty if it cannot be read. */
export function entriesIn(folder: string): readonly Dirent[] {
  return attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];
}

/** The target of a symlink; undefined if it is not one. */
export function linkTarget(path: string): string | undefined {
  return attempt(() => readlinkSync(path));
}

/** The stat of what a path leads to; undefined if that does not exist, or may not be read. */
export function tryStat(path: string): Stats | undefined {
  return attempt(() => statSync(path));
}

/** Like {@link tryStat}, for a symlink itself. */
export function tryLstat(path: string): Stats | undefined {
  return attempt(() => lstatSync(path));
}

/** Whether the system lets this user run it, or enter it if it is a folder. */
export function isExecutable(path: string): boolean {
  return attempt(() => accessSync(path, constants.X_OK) === undefined) ?? false;
}

/** The path without symlinks, even if the end of it does not exist yet. */
export function realPathOf(path: string): string {
  const real = attempt(() => realpathSync(path));
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path || parent === "." ? path : join(realPathOf(parent), basename(path));
}

/** Calls a function that may throw. @returns the function's result; undefined if it throws */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
