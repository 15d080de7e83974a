/** Private directories: for control sockets, hot mode, regtest networks. */
import { lstatSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "../errors/failure.js";

/**
 * Creates the folder and its parents if missing, with mode 0700.
 * @throws the system's error
 */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || path === dirname(path)) throw error;
    // Not `recursive`: it reports a read-only file system as ENOENT, and never ends in /proc.
    makePrivateFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/**
 * Returns why someone else could have put something there; undefined if it is private and ours.
 * @param mayBeOpen whether other users may enter it
 * @throws the system's error if it cannot be checked
 */
export function whyNotPrivate(path: string, { mayBeOpen = false } = {}): string | undefined {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return "it is a symlink";
  if (!stat.isDirectory()) return "it is not a folder";
  if (stat.uid !== (process.getuid?.() ?? stat.uid)) {
    return `it is owned by uid ${stat.uid}`;
  }
  return mayBeOpen || (stat.mode & 0o077) === 0 ? undefined : "other users may enter it";
}
