/**
 * Files in folders that other users may write to: they count only where this user or root owns them.
 * Nothing is opened in a way that can block (a FIFO, a device), and nothing is written through a
 * symbolic link. Used for a node's config and log, and for what the embedded node keeps.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { Failure, systemCode } from "../errors/failure.js";

/** Does a file or folder with this owner decide anything here? */
function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}

/**
 * @throws Failure `foreign-file` where the file or folder is there and belongs to another user
 * @throws the system's error where it cannot be looked at
 */
export function refuseForeign(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !isTrustedOwner(stat.uid)) throw foreign(path, stat.uid);
}

/**
 * @returns the file's bytes; undefined where there is no such file
 * @throws Failure where it is foreign, not a regular file, or longer than `maxBytes`
 * @throws the system's error where it cannot be read
 */
export function readOwnedFile(path: string, maxBytes: number): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = checked(fd, path);
    if (size > maxBytes) throw unusable(path, `it is longer than ${maxBytes} bytes`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read) {
      read = readSync(fd, bytes, length, size - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a file to write, made with mode 0600 where it is not there.
 * @param flags O_APPEND, O_TRUNC, ...: further flags of open(2)
 * @returns the descriptor
 * @throws Failure where it is foreign, a symbolic link, or not a regular file
 * @throws the system's error where it cannot be opened
 */
export function openOwnedFile(path: string, flags: number): number {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC } = constants;
  let fd: number;
  try {
    // It is cut only once it is known to be ours.
    fd = openSync(path, (flags & ~O_TRUNC) | O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if (systemCode(error) === "ELOOP") throw unusable(path, "it is a symbolic link");
    // A FIFO that nobody reads.
    if (systemCode(error) === "ENXIO") throw unusable(path, "it is not a regular file");
    throw error;
  }
  try {
    checked(fd, path, true);
    if (flags & O_TRUNC) ftruncateSync(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A device such as /dev/null, which only root can make, may be written to. */
function checked(fd: number, path: string, mayBeDevice = false) {
  const stat = fstatSync(fd);
  if (!isTrustedOwner(stat.uid)) throw foreign(path, stat.uid);
  if (!stat.isFile() && !(mayBeDevice && stat.isCharacterDevice()))
    throw unusable(path, "it is not a regular file");
  return stat;
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
