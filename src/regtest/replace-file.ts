/** Writes a file as a whole: a reader finds the old one or the new one, never a part. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { Failure, messageOf } from "../errors/failure.js";

/** @throws Failure `regtest-write` */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.new`;
  try {
    writeFileSync(next, text, { mode: 0o600, flush: true });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw writeFailure(path, error);
  }
}

export function writeFailure(path: string, error: unknown): Failure {
  return new Failure({
    kind: "regtest-write",
    what: `cannot write ${path}`,
    why: messageOf(error),
    fix: "Make room on the disk; what was there before is unchanged",
    exitCode: 1,
    cause: error,
  });
}
