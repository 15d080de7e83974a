/**
 * Finds where a node's stderr goes. Its plugins' stderr goes to the same place: lightningd does not
 * read it. If it is a file, it may hold the traceback of a dead plugin.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { openRegularFile } from "../../filesystem/regular-file.js";
import { nodePid } from "../node-process.js";
import { openedBy } from "../process-table.js";

export type StderrPlace =
  | { readonly kind: "file"; readonly path: string }
  /** Discarded, as with `lightningd --daemon`. */
  | { readonly kind: "nowhere" }
  | { readonly kind: "terminal"; readonly path: string }
  /** A pipe or a socket, read by a service manager or a container. */
  | { readonly kind: "pipe" };

/** The file, in the network's folder, to which an embedded node copies its plugins' stderr. */
export const STDERR_COPY = "stderr.log";

const MAX_TAIL_BYTES = 64 * 1024;

/**
 * Finds out where a node's stderr goes.
 * @param lightningDir the base directory, which holds the node's pid file
 * @returns undefined if unknown: no pid file, another user's node, or no /proc
 */
export function stderrPlace(lightningDir: string, network: string): StderrPlace | undefined {
  try {
    const pid = nodePid(lightningDir, network);
    if (pid === undefined) return undefined;
    const copy = `${lightningDir}/${network}/${STDERR_COPY}`;
    if (holdsOpen(pid, copy)) return { kind: "file", path: copy };
    const target = readlinkSync(`/proc/${pid}/fd/2`);
    if (target === "/dev/null") return { kind: "nowhere" };
    if (/^\/dev\/(pts\/|tty)/.test(target)) return { kind: "terminal", path: target };
    if (/^(pipe|socket):/.test(target)) return { kind: "pipe" };
    return statSync(target).isFile() ? { kind: "file", path: target } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process has the file open: an earlier node may have left it behind. */
function holdsOpen(pid: number, path: string): boolean {
  if (!existsSync(path)) return false;
  const real = realpathSync(path);
  return [...openedBy(pid).values()].includes(real);
}

/** The end of a node's stderr at some moment: later text starts there. */
export interface StderrMark {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Tells a replaced file from the original. */
  readonly inode: number;
}

/** Marks the current end of a node's stderr; undefined if it is not a readable file. */
export function markStderr(place: StderrPlace | undefined): StderrMark | undefined {
  if (place?.kind !== "file") return undefined;
  try {
    const { size, ino } = statSync(place.path);
    return { path: place.path, size, inode: ino };
  } catch {
    return undefined;
  }
}

/**
 * Returns what was written to a node's stderr after the mark, or only the end of it if it is long.
 * Undefined without a mark, or if the file cannot be read.
 */
export function stderrAfter(mark: StderrMark | undefined): string | undefined {
  if (mark === undefined) return undefined;
  try {
    const file = openRegularFile(mark.path);
    try {
      const { size, ino } = fstatSync(file);
      // Truncated or replaced: all of it is new.
      const start = ino === mark.inode && size >= mark.size ? mark.size : 0;
      const bytes = Buffer.alloc(Math.min(size - start, MAX_TAIL_BYTES));
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
