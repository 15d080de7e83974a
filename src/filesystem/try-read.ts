/** Looks at the file system where "it is not there" and "it is not for us" are answers, not faults. */
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

/** The names in a folder; none if it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** The entries of a folder with their kinds; none if it cannot be read. */
export function entriesIn(folder: string): readonly Dirent[] {
  return attempt(() => readdirSync(folder, { withFileTypes: true })) ?? [];
}

/** What a symlink holds; undefined if it is none. */
export function linkTarget(path: string): string | undefined {
  return attempt(() => readlinkSync(path));
}

/** What a path leads to; undefined if that is nothing, or not for us. */
export function tryStat(path: string): Stats | undefined {
  return attempt(() => statSync(path));
}

/** As {@link tryStat}, of a symlink itself. */
export function tryLstat(path: string): Stats | undefined {
  return attempt(() => lstatSync(path));
}

/** Whether the system lets this user run it, or enter it if it is a folder. */
export function isExecutable(path: string): boolean {
  return attempt(() => accessSync(path, constants.X_OK) === undefined) ?? false;
}

/** Without symlinks; what is not there yet may be behind one all the same. */
export function realPathOf(path: string): string {
  const real = attempt(() => realpathSync(path));
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path || parent === "." ? path : join(realPathOf(parent), basename(path));
}

/** @returns what a function returns; undefined if it throws */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
