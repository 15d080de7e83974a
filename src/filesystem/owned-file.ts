/**
 * Files that cln-dev keeps in a folder that other users may write to: they must belong to this user
 * or root, and are never written through a symlink. Used by the embedded node.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync } from "node:fs";
import { Failure, systemCode } from "../errors/failure.js";
import { isTrustedOwner } from "./owner.js";
import { readRegularFile, UnusableFile } from "./regular-file.js";

/**
 * Refuses files and folders of other users.
 * @throws Failure if the file or folder exists and belongs to another user
 * @throws the system's error if it cannot be checked
 */
export function refuseForeign(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !isTrustedOwner(stat)) throw foreign(path, stat.uid);
}

/**
 * Reads a file that must belong to this user or root.
 * @returns the file's bytes; undefined if there is no such file
 * @throws Failure if it is another user's, not a regular file, or longer than `maxBytes`
 * @throws the system's error if it cannot be read
 */
export function readOwnedFile(path: string, maxBytes: number): Buffer | undefined {
  try {
    return readRegularFile(path, { maxBytes, owner: "trusted" });
  } catch (error) {
    if (error instanceof UnusableFile) throw unusable(path, error.message);
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Opens a file for writing, created with mode 0600 if missing. The caller closes the descriptor.
 * @param flags O_APPEND or O_TRUNC
 * @throws Failure if it is another user's, a symlink, or neither a regular file nor a device
 * @throws the system's error if it cannot be opened
 */
export function openOwnedFile(path: string, flags: number): number {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC } = constants;
  let fd: number;
  try {
    // Truncate only once the file is known to be ours.
    fd = openSync(path, (flags & ~O_TRUNC) | O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if (systemCode(error) === "ELOOP") throw unusable(path, "it is a symbolic link");
    // A named pipe without a reader, or a socket.
    if (systemCode(error) === "ENXIO") throw unusable(path, "it is not a file");
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!isTrustedOwner(stat)) throw foreign(path, stat.uid);
    // Only root can create a device such as /dev/null.
    if (!stat.isFile() && !stat.isCharacterDevice()) throw unusable(path, "it is not a file");
    if (flags & O_TRUNC) ftruncateSync(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function foreign(path: string, uid: number): Failure {
  return new Failure({
    kind: "foreign-file",
    what: `cannot use ${path}`,
    why: `it belongs to another user (uid ${uid})`,
    fix: `Name another directory, or take it over: chown -R "$USER" ${path}`,
    exitCode: 2,
  });
}

function unusable(path: string, why: string): Failure {
  return new Failure({
    kind: "unusable-file",
    what: `cannot use ${path}`,
    why,
    fix: "Remove it, or name another path",
    exitCode: 2,
  });
}
