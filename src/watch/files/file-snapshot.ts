/**
 * One look at a file: is it there, is it whole, and is it what it was? A file event says none of
 * that (it may come while the file is still empty, or not at all), so every decision is made here.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";
import { elfSizeBytes } from "./elf-size.js";

export interface Look {
  /**
   * `whole`: it can be used; `growing`: it may still be being written, a second look that agrees
   * tells; `missing`, `empty`, `not-a-file`: there is nothing to use yet.
   */
  readonly state: "whole" | "growing" | "missing" | "empty" | "not-a-file";
  readonly executable: boolean;
  /** When it was last written, in ms since 1970; 0 where it is missing. */
  readonly writtenAt: number;
  /** Bytes; 0 where it is missing. */
  readonly size: number;
  /** Two looks with the same fingerprint saw the same file: see {@link sameFile}. */
  readonly fingerprint: string;
}

const MISSING: Look = {
  state: "missing",
  executable: false,
  writtenAt: 0,
  size: 0,
  fingerprint: "missing",
};
/** Two writes within this time may leave the same mtime: the kernel's clock ticks every 4 to 10 ms. */
const RACY_MS = 30;
const RACY_MAX_BYTES = 1024 * 1024;
/** Buffered writers flush in multiples of this. */
const WRITE_BLOCK_BYTES = 4096;

/** Looks at a file. Takes some 0.1 ms, so that it can be done on every hint. */
export function lookAt(path: string): Look {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return MISSING;
    const executable = (stat.mode & 0o111n) !== 0n;
    const writtenAt = Number(stat.mtimeNs / 1_000_000n);
    const identity = `${realpathSync(path)} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${executable}`;
    const size = Number(stat.size);
    const seen = { executable, writtenAt, size, fingerprint: identity };
    if (!stat.isFile()) return { ...seen, state: "not-a-file" };
    if (size === 0) return { ...seen, state: "empty" };
    // The mtime may be given by hand, and be that of before; the ctime may not.
    const touchedAt = Math.max(writtenAt, Number(stat.ctimeNs / 1_000_000n));
    const racy = Date.now() - touchedAt < RACY_MS && size <= RACY_MAX_BYTES;
    return {
      ...seen,
      // Renamed or given its mode after the last write: its writer is through with it.
      state:
        stat.ctimeNs > stat.mtimeNs || readable(() => isWhole(path, size)) ? "whole" : "growing",
      fingerprint: racy ? `${identity} ${readable(() => contentOf(path)) ?? ""}` : identity,
    };
  } catch {
    return MISSING;
  }
}

/** Whether two fingerprints are of the same file; one of them may hold the content as well. */
export function sameFile(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short === long || (short.length < long.length && long.startsWith(`${short} `));
}

/** A program may be run and not read (mode 0111): then its size and time must do. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (systemCode(error) === "EACCES") return undefined;
    throw error;
  }
}

function contentOf(path: string): string {
  return createHash("sha1").update(readFileSync(path)).digest("hex");
}

/** Whether a file looks as if its writer had come to the end. */
function isWhole(path: string, size: number): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(Math.min(size, 64));
    readSync(file, head, 0, head.length, 0);
    const elf = elfSizeBytes(file, head);
    if (elf !== undefined) return size >= elf;
    const last = Buffer.alloc(1);
    readSync(file, last, 0, 1, size - 1);
    return last[0] === 0x0a && size % WRITE_BLOCK_BYTES !== 0;
  } finally {
    closeSync(file);
  }
}
