/**
 * A lock between processes: a file that names its holder. A lock whose holder has ended is removed.
 */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Failure, systemCode } from "../errors/failure.js";
import { sha256 } from "./chain/bytes.js";
import { isAlive, ownIdentity } from "./process-identity.js";

export interface Lock {
  release(): void;
}

/**
 * Takes the lock if no process holds it.
 * @returns the lock, or the process that holds it
 * @throws a system error if the file cannot be created
 */
export function tryLock(path: string): Lock | { readonly heldBy: number } {
  const own = `${path}.${process.pid}`;
  const text = `${ownIdentity()}\n`;
  try {
    // Linked once it is complete: no process sees a lock without its holder.
    writeFileSync(own, text, { mode: 0o600 });
    for (;;) {
      try {
        linkSync(own, path);
        return { release: () => releaseOwn(path, text) };
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
      const holder = readOr(path);
      if (holder === undefined) continue;
      if (isAlive(holder.trimEnd()) || !breakLock(path, holder)) {
        return { heldBy: Number.parseInt(holder, 10) };
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function releaseOwn(path: string, text: string): void {
  if (readOr(path) === text) rmSync(path, { force: true });
}

const BREAKING_MS = 5_000;

/**
 * Removes the lock of a dead holder. Two processes that find the same dead holder must not both do
 * so: the second would remove the lock that the first has taken since. So the right to remove it is
 * a file that only one process can create.
 */
function breakLock(path: string, holder: string): boolean {
  const right = `${path}.break-${sha256(Buffer.from(holder)).toString("hex").slice(0, 16)}`;
  try {
    writeFileSync(right, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const made = statSync(right, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > BREAKING_MS) rmSync(right, { force: true });
    return false;
  }
  try {
    if (readOr(path) === holder) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(right, { force: true });
  }
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Retries {@link tryLock} for `ms`. It blocks the whole process, so the time must be short. */
export function lockWithin(path: string, ms: number): Lock | { readonly heldBy: number } {
  const end = Date.now() + ms;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const lock = tryLock(path);
    if ("release" in lock || Date.now() > end) return lock;
    Atomics.wait(sleeper, 0, 0, 2);
  }
}

/**
 * The failure for a lock that another process holds for too long.
 * @param what what is locked: `the chain`
 * @param ms how long we waited for it
 */
export function lockedFailure(what: string, path: string, heldBy: number, ms: number): Failure {
  return new Failure({
    kind: "regtest-locked",
    what: `${what} is in use`,
    why: `process ${heldBy} has held ${path} for more than ${ms / 1000} s`,
    fix: "Try again when that process has ended",
    exitCode: 1,
  });
}
