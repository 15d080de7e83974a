/**
 * Where a node's own stderr goes, and with it its plugins' stderr: lightningd does not read it. If
 * it is a file, it can be searched for the traceback of a dead plugin.
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
  /** It is discarded, as with `lightningd --daemon`. */
  | { readonly kind: "nowhere" }
  | { readonly kind: "terminal"; readonly path: string }
  /** A pipe or a socket: a service manager or a container reads it. */
  | { readonly kind: "pipe" };

/** In the network's folder: an embedded node in another terminal copies its plugins' stderr there. */
export const STDERR_COPY = "stderr.log";

const MAX_TAIL_BYTES = 64 * 1024;

/**
 * Finds out where a node's stderr goes.
 * @param lightningDir the base directory, where the node's pid file is
 * @returns undefined if unknown: no pid file, another user's node, no /proc
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

/** Not one that an earlier node has left in the folder. */
function holdsOpen(pid: number, path: string): boolean {
  if (!existsSync(path)) return false;
  const real = realpathSync(path);
  return [...openedBy(pid).values()].includes(real);
}

/** How far a node's stderr had been written at a moment: later text begins there. */
export interface StderrMark {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Identifies the file: a replaced one is different. */
  readonly inode: number;
}

/** How far a node's stderr is written now; undefined if it is not a file that can be read. */
export function markStderr(place: StderrPlace | undefined): StderrMark | undefined {
  if (place?.kind !== "file") return undefined;
  try {
    const { size, ino } = statSync(place.path);
    return { path: place.path, size, inode: ino };
  } catch {
    return undefined;
  }
}

/** What was written to a node's stderr after the mark; only the end of it if it is long. */
export function stderrAfter(mark: StderrMark | undefined): string | undefined {
  if (mark === undefined) return undefined;
  try {
    const file = openRegularFile(mark.path);
    try {
      const { size, ino } = fstatSync(file);
      // Truncated or replaced: all of it is newer.
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
