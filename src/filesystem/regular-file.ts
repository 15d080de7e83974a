/**
 * Reads files that another user may have put there: never blocks (a FIFO), never reads forever
 * (/dev/zero), and on request refuses files of other users.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
} from "node:fs";
import { isTrustedOwner } from "./owner.js";

export interface RegularFileOptions {
  /** The longest file to read, in bytes. */
  readonly maxBytes: number;
  /** `trusted`: the file and a symlink to it must belong to this user or root. */
  readonly owner?: "anyone" | "trusted";
}

/** A file that exists but is refused. `message` is the reason, in one clause. */
export class UnusableFile extends Error {
  readonly code = "EUNUSABLE";
}

/**
 * Reads a regular file.
 * @throws UnusableFile if it is not a regular file, too long, or owned by someone else
 * @throws the system's error if it is missing or not readable
 */
export function readRegularFile(path: string, options: RegularFileOptions): Buffer {
  const { maxBytes, owner = "anyone" } = options;
  if (owner === "trusted") refuseForeign(lstatSync(path));
  const descriptor = openRegularFile(path, owner);
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ; ) {
      const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, maxBytes + 1 - size));
      const read = readSync(descriptor, chunk);
      if (read === 0) return Buffer.concat(chunks);
      size += read;
      if (size > maxBytes) throw new UnusableFile(`it is larger than ${sizeOf(maxBytes)}`);
      chunks.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a regular file for reading. The caller closes the descriptor.
 * @throws UnusableFile, or the system's error
 */
export function openRegularFile(
  path: string,
  owner: RegularFileOptions["owner"] = "anyone",
): number {
  // A FIFO without a writer would block the open, and with it the whole program.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new UnusableFile(`it is ${kindOf(stat)}, not a file`);
    if (owner === "trusted") refuseForeign(stat);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function refuseForeign(stat: Stats): void {
  if (!isTrustedOwner(stat)) throw new UnusableFile(`it belongs to another user (uid ${stat.uid})`);
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a folder";
  if (stat.isFIFO()) return "a named pipe";
  if (stat.isSocket()) return "a socket";
  return "a device";
}

function sizeOf(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}
